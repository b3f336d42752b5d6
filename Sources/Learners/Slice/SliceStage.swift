import Datasets
import DeepXMLModel
import Devices
import Foundation
import Messages
import Support
import Training

/// Scores of the labels nearest to each document: what the classifier and the generative model hold of them together.
struct SliceStage: ScoredStage {
    let queries: CSRMatrix
    /// Of the queries.
    private let vectors: Tensor
    /// The listed labels of each query that are this worker's, with similarities.
    private let entries: CSRMatrix
    private let classifiers: SliceClassifiers
    private let labelIds: Buffer<Int32>
    private let combination: SliceCombination

    /// - Parameter lists: the nearest labels of this worker's slice of the queries. Collective.
    init(
        queries: CSRMatrix, vectors: Tensor, lists: TopK, classifiers: SliceClassifiers, shards: LabelShards,
        labelIds: Buffer<Int32>, settings: SliceSettings, group: WorkerGroup
    ) throws {
        (self.queries, self.vectors, self.classifiers, self.labelIds) = (queries, vectors, classifiers, labelIds)
        entries = try OwnShortlists(
            lists, of: RowLists(group: group, rows: queries.rows), labels: classifiers.labels, labelCount: classifiers.total,
            for: .scoring
        ).entries
        let gamma = settings.gamma > 0 ? settings.gamma : try classifiers.meanLength(shards, bias: settings.bias, group)
        combination = SliceCombination(beta: settings.beta, gamma: gamma, generativeBias: settings.generativeBias)
    }

    func scores(of documents: Range<Int>) throws -> [ScoreEntry] {
        guard !documents.isEmpty else { return [] }
        let logits = classifiers.device.linearScores(
            entries, rows: documents, documents: vectors.rows(documents), firstLabel: classifiers.labels.lowerBound,
            weights: classifiers.weights, biases: classifiers.biases)
        let similarities = entries.values!, first = entries.range(documents.lowerBound).lowerBound
        return documents.flatMap { row in
            entries.range(row).map { entry in
                let score = combination.logit(score: logits[entry - first], similarity: similarities[entry])
                return ScoreEntry(row: Int32(row), label: labelIds[Int(entries.indices[entry])], score: score, prior: .nan)
            }
        }
    }

}

/// The probability of a label from its classifier's score w·x + b and its mean's similarity s to the document:
/// p = β·σ(w·x + b) + (1−β)·σ(γ·s − c) (WSDM 2019, §4.3, with β = ½; its code's `evaluate_discriminative_model`).
struct SliceCombination {
    let beta: Double
    let gamma: Double
    /// c.
    let generativeBias: Double

    /// log(p / (1 − p)): what the logistic function turns into p again. 1 − p is a sum of its own, so that nothing is lost near 1.
    func logit(score: Float, similarity: Float) -> Float {
        let generative = gamma * Double(similarity) - generativeBias
        func mixed(_ sign: Double) -> Double {
            beta / (1 + exp(-sign * Double(score))) + (1 - beta) / (1 + exp(-sign * generative))
        }
        return Float(log(mixed(1)) - log(mixed(-1)))
    }
}
