import Buffers
import DeepXMLModel

/// The trained extreme classifiers: what is predicted without a re-ranker, and what a re-ranker works on.
protocol FirstStage {
    var network: Network { get }

    /// Module IV's negatives: the labels of each training document that this stage likes best, positives left out.
    func negatives(sizes: ShortlistSizes) throws -> NegativeShortlists

    /// What the re-ranker scores: the `k` labels of each test document with the largest logits, those of this worker's
    /// labels, with their logits.
    func candidates(_ k: Int) throws -> CSRMatrix

    /// Sends this worker's scores of the test documents to the coordinator.
    func send(by prediction: Prediction) throws
}
