import Buffers
import Checkpoint
import DeepXMLModel
import Foundation
import Transport
import XCData

/// One learner on one worker of its group: modules I–IV of DeepXML in order, then its scores of the test documents.
///
/// The result of a module is a pinned checkpoint; a run that was stopped goes on after the last of them, or within a
/// module from its newest checkpoint.
final class LearnerRun {
    let settings: RunSettings
    let control: LearnerControl
    let group: WorkerGroup
    let shards: LabelShards
    /// Wall seconds of each module.
    private(set) var seconds: [String: Double] = [:]
    /// The newest checkpoint within a module, where one was interrupted.
    private var newest: CheckpointReader?

    var config: Config { settings.options.config }
    var data: XCDataset { settings.data }
    var labels: Range<Int> { shards.labels(ofWorker: group.rank, workers: group.size) }

    init(settings: RunSettings, control: LearnerControl) {
        self.settings = settings
        self.control = control
        group = control.group
        shards = settings.labelShards
    }

    /// Trains what is not trained yet, and sends the scores to the coordinator.
    func run() throws {
        newest = try control.agree { try $0.newest() }
        if let key = newest?.key {
            try control.notice("seed \(control.seed) goes on from checkpoint \(key.module), epoch \(key.epoch), step \(key.step)")
        }
        let intermediate = try timed("surrogate", trainSurrogate)
        try control.betweenModules()
        let shortlists = try timed("shortlist") { try findShortlists(intermediate) }
        try control.betweenModules()
        let extreme = try timed("extreme") { try trainExtreme(intermediate, shortlists.train) }
        try control.betweenModules()
        let stage = FirstStage(run: self, network: extreme, train: shortlists.train, test: shortlists.test)
        var reranker: Network?
        if config.global.useReranker { reranker = try timed("reranker") { try trainReranker(stage) } }
        try timed("predict") { try Prediction(run: self, stage: stage, reranker: reranker).send() }
    }

    private func timed<Result>(_ module: String, _ body: () throws -> Result) rethrows -> Result {
        let began = Date()
        defer { seconds[module] = -began.timeIntervalSinceNow }
        return try body()
    }

    func streams(_ module: ModuleName) -> RandomStreams { RandomStreams(seed: control.seed, module: UInt32(module.index)) }

    /// The newest checkpoint where it lies within `module`.
    private func checkpoint(within module: ModuleName) -> CheckpointReader? {
        guard let newest, newest.key.module == module.name, !newest.isPinned else { return nil }
        return newest
    }

    /// Token embeddings as the config wants them.
    private func newEncoder(_ section: ModuleConfig, _ module: ModuleName) -> EmbeddingShard {
        let encoder = EmbeddingShard(vocabulary: data.vocabularySize, columns: group.ownSlice(settings.dims))
        if let embeddings = settings.embeddings, section.initialisation != "random" {
            encoder.initialise(from: embeddings)
        } else {
            encoder.initialiseAtRandom(streams(module), dims: settings.dims)
        }
        return encoder
    }

    /// Pins the result of a module: parameters without moments.
    private func pin(_ module: ModuleName, epoch: Int, _ arrays: [StoredArray]) throws {
        try control.save(module.key(epoch: epoch, step: 0), arrays: arrays, pinned: true)
    }

    // Module I.
    private func trainSurrogate() throws -> EmbeddingShard {
        let section = config.surrogate
        let encoder = newEncoder(section, .surrogate)
        if let done = try control.agree({ try $0.pinned(module: ModuleName.surrogate.name) }) {
            try encoder.table.restore("encoder", moments: false) { try done.columns($0, encoder.columns) }
            return encoder
        }
        let truth = try SurrogateLabels(run: self).matrix()
        let network = Network(
            shape: shape(section, trainsEncoder: true), group: group, encoder: encoder,
            labelShards: LabelShards.cut(costs: Array(repeating: 1, count: truth.cols)), streams: streams(.surrogate))
        try TrainingLoop(
            module: .surrogate, config: section, network: network, loss: FullLoss(truth: truth, network: network),
            features: data.trainFeatures, control: control
        ).run(from: checkpoint(within: .surrogate))
        try pin(
            .surrogate, epoch: section.numEpochs,
            encoder.table.stored("encoder", .columns(start: encoder.columns.lowerBound, total: settings.dims), moments: false))
        let kept = EmbeddingShard(vocabulary: data.vocabularySize, columns: encoder.columns)
        kept.table.value.buffer.copy(from: encoder.table.value.buffer)
        return kept
    }

    // Module II.
    private func findShortlists(_ encoder: EmbeddingShard) throws -> (train: OwnShortlists, test: OwnShortlists) {
        let train = RowLists(group: group, rows: data.trainFeatures.rows),
            test = RowLists(group: group, rows: data.testFeatures.rows)
        var lists: (train: TopK, test: TopK)
        if let done = try control.agree({ try $0.pinned(module: ModuleName.shortlist.name) }) {
            lists = (try TopK("train", from: done, rows: train.ownRows), try TopK("test", from: done, rows: test.ownRows))
        } else {
            let search = try ShortlistSearch(
                group: group, encoder: encoder, data: data, labels: labels, config: config.extreme, dims: settings.dims,
                seed: control.seed)
            for reason in search.reasons { try control.notice("seed \(control.seed): \(reason)") }
            lists = (try search.lists(data.trainFeatures), try search.lists(data.testFeatures))
            try pin(.shortlist, epoch: 0, lists.train.stored("train", train) + lists.test.stored("test", test))
        }
        return (
            try OwnShortlists(
                lists.train, of: train, labels: labels, labelCount: data.labelCount, truth: data.trainLabels, sizes: extremeSizes),
            try OwnShortlists(lists.test, of: test, labels: labels, labelCount: data.labelCount, truth: nil, sizes: extremeSizes)
        )
    }

    /// Positives, shortlist and random labels, num_nbrs + 150 in all (DESIGN.md §1, module III).
    private var extremeSizes: ShortlistSizes {
        let section = config.extreme
        return ShortlistSizes(
            maxPositives: section.maxPositives, randomNegatives: section.randomNegatives, limit: section.numNbrs + 150)
    }

    // Module III.
    private func trainExtreme(_ encoder: EmbeddingShard, _ shortlists: OwnShortlists) throws -> Network {
        let section = config.extreme
        let network = Network(
            shape: shape(section, trainsEncoder: false), group: group, encoder: encoder, labelShards: shards,
            streams: streams(.extreme))
        try train(.extreme, section, network, negatives: { shortlists.negatives! }, sizes: extremeSizes)
        return network
    }

    // Module IV.
    private func trainReranker(_ stage: FirstStage) throws -> Network {
        let section = config.reranker
        let network = Network(
            shape: shape(section, trainsEncoder: true), group: group, encoder: newEncoder(section, .reranker),
            labelShards: shards, streams: streams(.reranker))
        let sizes = ShortlistSizes(maxPositives: section.maxPositives, randomNegatives: 0, limit: section.numNbrs)
        try train(.reranker, section, network, negatives: { try stage.negatives(sizes: sizes) }, sizes: sizes)
        return network
    }

    /// Trains a shortlist network, or takes its parameters where that was done before.
    private func train(
        _ module: ModuleName, _ section: ModuleConfig, _ network: Network, negatives: () throws -> NegativeShortlists,
        sizes: ShortlistSizes
    ) throws {
        if let done = try control.agree({ try $0.pinned(module: module.name) }) {
            try network.restore(done, moments: false)
        } else {
            let loss = ShortlistLoss(truth: data.trainLabels, negatives: try negatives(), sizes: sizes, network: network)
            try TrainingLoop(
                module: module, config: section, network: network, loss: loss, features: data.trainFeatures, control: control
            ).run(from: checkpoint(within: module))
            try pin(module, epoch: section.numEpochs, network.storedArrays(moments: false))
        }
        network.prepareForPrediction()
    }

    private func shape(_ section: ModuleConfig, trainsEncoder: Bool) -> NetworkShape {
        let astec = settings.options.astec
        return NetworkShape(
            dims: settings.dims, batchSize: section.batchSize, trainsEncoder: trainsEncoder,
            encoderKeep: Float(1 - astec.coarseDropout), residualKeep: astec.fineDropout.map { Float(1 - $0) })
    }
}

extension TopK {
    /// This worker's rows of lists in a checkpoint.
    fileprivate init(_ name: String, from reader: CheckpointReader, rows: Range<Int>) throws {
        let k = try reader.extent(name + ".ids").cols
        self.init(
            rows: rows.count, k: k, indices: try reader.rows(name + ".ids", rows), scores: try reader.rows(name + ".scores", rows)
        )
    }

    fileprivate func stored(_ name: String, _ lists: RowLists) -> [StoredArray] {
        let placement = Placement.rows(start: lists.ownRows.lowerBound, total: lists.rows)
        return [
            StoredArray(name + ".ids", indices, columns: k, placement),
            StoredArray(name + ".scores", scores, columns: k, placement),
        ]
    }
}
