import Buffers
import DeepXMLModel
import XCData

/// What one worker must know of a learner to search, to score and to build its networks: in training, and when a trained
/// one predicts.
struct LearnerContext {
    let group: WorkerGroup
    let framework: Framework
    let config: Config
    let seed: UInt64
    /// Training documents and labels.
    let data: XCDataset
    /// How the labels are cut; by cost, from the training data alone.
    let shards: LabelShards
    let encoders: EncoderPlan
    let sink: any ScoreSink

    /// This worker's.
    var labels: Range<Int> { shards.labels(ofWorker: group.rank, workers: group.size) }
    var usesReranker: Bool { config.usesReranker(framework) }

    init(
        group: WorkerGroup, framework: Framework, config: Config, seed: UInt64, encoders: EncoderPlan, sink: any ScoreSink
    ) {
        self.group = group
        self.framework = framework
        self.config = config
        self.seed = seed
        self.encoders = encoders
        self.sink = sink
        data = encoders.data
        shards = LabelShards.cut(positives: encoders.data.positives)
    }

    func streams(_ module: ModuleName) -> RandomStreams { RandomStreams(seed: seed, module: UInt32(module.index)) }

    func newEncoder(_ section: ModuleConfig, _ module: ModuleName) throws -> any Encoder {
        try encoders.encoder(section, trainsCoarse: !section.freezeIntermediate, streams: streams(module))
    }

    func network(_ section: ModuleConfig, _ module: ModuleName, _ encoder: any Encoder) -> Network {
        Network(
            batchSize: section.batchSize, group: group, encoder: encoder, labelShards: shards, streams: streams(module),
            optimiser: section.optimiser, hasBias: section.bias)
    }

    /// A line for the log, said once a group.
    func notice(_ text: String) throws {
        if group.isLeader { try sink.notice("seed \(seed): \(text)") }
    }
}

/// Where scores go: to the coordinator, or to whoever asked for a prediction.
protocol ScoreSink {
    func send(_ block: ScoreBlock) throws
    func notice(_ text: String) throws
}
