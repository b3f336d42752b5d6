import Checkpoint
import DeepXMLModel
import Devices
import Support
import Training

/// A trained learner of Slice that scores documents it has not seen, as `SliceTraining` scores its test documents.
final class SlicePredictor: LearnerPredictor {
    private let settings: SliceSettings
    private let vectors: SliceVectors
    private let search: GenerativeSearch
    private let classifiers: SliceClassifiers
    private let shards: LabelShards
    private let labelIds: Buffer<Int32>
    private let group: WorkerGroup

    init(model: TrainedModel, group: WorkerGroup) throws {
        self.group = group
        settings = model.config[SliceSettings.self]
        shards = LabelShards.cut(positives: model.data.positives)
        labelIds = model.labelIds
        let lists = try model.parameters(ModuleName.shortlist.name), device = group.device
        let vectors = try SliceVectors(trained: lists, features: model.data.vocabularySize, device: device)
        self.vectors = vectors
        let labels = shards.labels(ofWorker: group.rank, workers: group.size), all = model.data.labelCount
        // Before memory is asked for.
        let trained = try model.parameters(ModuleName.extreme.name)
        try trained.require("classifier.weight", rows: all, cols: paddedWidth(vectors.dims))
        try lists.require("label.mean", rows: all, cols: paddedWidth(vectors.dims))
        classifiers = SliceClassifiers(labels: labels, of: all, dims: vectors.dims, device: device)
        try classifiers.restore(trained)
        let plan = GenerativePlan(trained: lists, settings, labels: all, dims: vectors.dims)
        search = try GenerativeSearch(
            plan, parts: plan.parts(shards, rank: group.rank, of: group.size), k: settings.numNbrs, group: group, device: device,
            seed: model.seed, isForManyCalls: true
        ) { labels in
            let means = device.paddedTensor(rows: labels.count, dims: vectors.dims)
            try device.upload("label.mean", of: lists, to: means.withPadding) { try lists.rows($0, labels) }
            return means
        }
    }

    func prediction(of features: CSRMatrix) throws -> Prediction {
        let documents = try vectors.all(features, group)
        let stage = try SliceStage(
            queries: features, vectors: documents, lists: try search.lists(documents), classifiers: classifiers, shards: shards,
            labelIds: labelIds, settings: settings, group: group)
        return Prediction(stage: stage)
    }
}

extension SliceVectors {
    /// As of configs.
    private static let mostDims = 65536

    /// Those of a trained learner.
    ///
    /// - Throws: `Failure` where the tokens' embeddings are not those of the features.
    init(trained lists: CheckpointReader, features: Int, device: any Device) throws {
        guard lists.contains("encoder") else {
            self.init(device: device, table: nil, features: features)
            return
        }
        let (rows, cols) = try lists.extent("encoder")
        try lists.require("encoder", rows: features, cols: min(cols, Self.mostDims))
        self.init(
            device: device, table: DenseMatrix(rows: rows, cols: cols, buffer: try lists.replicated("encoder")),
            features: features)
    }
}
