import DeepXMLModel
import Devices
import Foundation
import Learners
import Messages
import Support
import Training

/// A trained learner that scores documents it has not seen, with the very code and bits by which `train` scored its test
/// documents.
///
/// Networks come from the pinned checkpoints. Where labels are looked for by shortlists, the vectors of training documents
/// and labels are made again from the training data in the model's folder; the pinned lists belong to the test documents
/// of the training. Used by one thread.
public final class PredictionRun {
    public let model: TrainedModel
    private let context: LearnerContext
    private let network: Network
    /// nil where every label is scored.
    private let search: ShortlistSearch?
    private let reranker: Network?
    private let collector = ScoreCollector()
    /// nil where not every label is scored, or a re-ranker has the last word.
    private let packed: (any NeighbourSearch)?

    /// Documents that an encoder takes at once: its products are faster than with the batches of training.
    private static let batchSize = 480

    /// - Parameter group: of ranks that predict together, each for its own labels; all call the same methods.
    /// - Throws: `Failure`: `.damagedCheckpoint` where a part of the model is damaged or missing.
    public init(model: TrainedModel, group: WorkerGroup) throws {
        self.model = model
        context = try LearnerContext(model, group: group, batchSize: Self.batchSize, sink: collector)
        network = try context.trainedNetwork(.extreme, model)
        search = context.framework == .ova ? nil : try context.trainedSearch(model, encoder: network.encoder)
        reranker = context.usesReranker ? try context.trainedNetwork(.reranker, model) : nil
        packed = search == nil && reranker == nil && group.size == 1 ? group.device.packedSearch(over: network.classifier) : nil
    }

    /// All that the learner says about the rows of `features`: this rank's part of it, for its own labels.
    ///
    /// - Parameter features: N×V, as `TrainedModel.features` makes them.
    public func scores(of features: CSRMatrix) throws -> [ScoreBlock] {
        defer { collector.blocks = [] }
        try Prediction(context: context, stage: try stage(features), reranker: reranker).send()
        return collector.blocks
    }

    /// Every label was scored, and the logits stand as they are: `bestLabels` tells all.
    public var scoresAllLabels: Bool { packed != nil }

    /// The k labels with the largest logits for each row of `features`, by their original ids; for learners that score all
    /// labels.
    public func bestLabels(_ k: Int, of features: CSRMatrix) throws -> TopK {
        guard let packed else { preconditionFailure("asked of a learner with shortlists or a re-ranker") }
        let found = TopK(rows: features.rows, k: k), ids = context.data.labelIds
        try network.forEachBatch((0..<Int32(features.rows)).map { $0 }, of: features) { _, place, z in
            found.replace(from: place.lowerBound, with: try packed.topK(queries: z, k: k))
        }
        for i in 0..<found.indices.count where found.indices[i] >= 0 { found.indices[i] = ids[Int(found.indices[i])] }
        return found
    }

    private func stage(_ features: CSRMatrix) throws -> any FirstStage {
        guard let search else { return OneVsAllStage(context: context, network: network, queries: features) }
        let sizes = ShortlistSizes(maxPositives: 0, randomNegatives: 0, limit: context.config.extreme.numNbrs)
        let lists = try OwnShortlists(
            try search.lists(features), of: RowLists(group: context.group, rows: features.rows), labels: context.labels,
            labelCount: context.data.labelCount, truth: nil, sizes: sizes)
        return ShortlistStage(context: context, network: network, queries: features, train: nil, lists: lists)
    }
}

/// Keeps the blocks of one prediction. What there is to notice was said in training.
private final class ScoreCollector: ScoreSink {
    var blocks: [ScoreBlock] = []

    func send(_ block: ScoreBlock) { blocks.append(block) }
    func notice(_ text: String) {}
}
