import DeepXMLModel
import Devices
import Support
import Training

/// A trained learner that scores documents it has not seen, with the very code and bits by which `train` scored its test
/// documents.
///
/// Networks come from the pinned checkpoints. Where labels are looked for by shortlists, the vectors of training documents
/// and labels are made again from the training data in the model's folder; the pinned lists belong to the test documents
/// of the training. Used by one thread.
package final class NetworkPredictor: LearnerPredictor {
    private let context: LearnerContext
    private let network: Network
    /// nil where every label is scored.
    private let search: ShortlistSearch?
    private let reranker: Reranker?
    /// nil where not every label is scored, or a re-ranker has the last word.
    private let packed: (any NeighbourSearch)?

    /// Documents that an encoder takes at once: its products are faster than with the batches of training.
    private static let batchSize = 480

    package init(model: TrainedModel, framework: any NetworkLearner, group: WorkerGroup) throws {
        let trained = try TrainedNetworks(model, framework, group: group, batchSize: Self.batchSize)
        context = trained.context
        network = try trained.network(.extreme)
        search = framework.modules.hasShortlists ? try trained.search(encoder: network.encoder) : nil
        reranker = context.usesReranker ? Reranker(network: try trained.network(.reranker), context) : nil
        packed =
            search == nil && reranker == nil && group.size == 1
            ? try model.packedClassifier(ModuleName.extreme.name, dims: network.encoder.outputDims)
                .map(group.device.packedSearch)
                ?? group.device.packedSearch(over: network.classifier) : nil
    }

    package func prediction(of features: CSRMatrix) throws -> Prediction {
        Prediction(stage: try stage(features), reranker: reranker)
    }

    package var scoresAllLabels: Bool { packed != nil }

    package func bestLabels(_ k: Int, of features: CSRMatrix) throws -> TopK {
        guard let packed else { preconditionFailure("asked of a learner with shortlists or a re-ranker") }
        let found = TopK(rows: features.rows, k: k), ids = context.data.labelIds
        try network.forEachBatch((0..<Int32(features.rows)).map { $0 }, of: features) { _, place, z in
            found.replace(from: place.lowerBound, with: try packed.topK(queries: z, k: k))
        }
        for i in 0..<found.indices.count where found.indices[i] >= 0 { found.indices[i] = ids[Int(found.indices[i])] }
        return found
    }

    private func stage(_ features: CSRMatrix) throws -> any RerankableStage {
        guard let search else { return OneVsAllStage(context: context, network: network, queries: features) }
        let lists = try OwnShortlists(
            try search.lists(features), of: RowLists(group: context.group, rows: features.rows), labels: context.labels,
            labelCount: context.data.labelCount, for: .scoring)
        return ShortlistStage(context: context, network: network, queries: features, train: nil, lists: lists)
    }
}
