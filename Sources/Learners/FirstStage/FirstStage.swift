import DeepXMLModel
import Devices
import Support
import Training

/// The trained extreme classifiers: what is predicted without a re-ranker, and what a re-ranker works on.
package protocol FirstStage {
    var network: Network { get }
    /// Features of the documents that scores are wanted of.
    var queries: CSRMatrix { get }

    /// Module IV's negatives: the labels of each training document that this stage likes best, positives left out.
    func negatives(sizes: ShortlistSizes) throws -> NegativeShortlists

    /// What the re-ranker scores: the `k` labels of each document with the largest logits, those of this worker's
    /// labels, with their logits.
    func candidates(_ k: Int) throws -> CSRMatrix

    /// Sends this worker's scores of the documents.
    func send(by prediction: Prediction) throws
}
