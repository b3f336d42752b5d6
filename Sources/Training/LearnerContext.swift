import Config
import Datasets
import DeepXMLModel
import Messages

/// What one worker must know of a learner to search, to score and to build its networks: in training, and when a trained
/// one predicts.
package struct LearnerContext {
    package let group: WorkerGroup
    package let framework: Framework
    package let config: Config
    package let seed: UInt64
    /// Training documents and labels.
    package let data: XCDataset
    /// How the labels are cut; by cost, from the training data alone.
    package let shards: LabelShards
    package let encoders: EncoderPlan
    package let sink: any ScoreSink

    /// This worker's.
    package var labels: Range<Int> { shards.labels(ofWorker: group.rank, workers: group.size) }
    package var usesReranker: Bool { config.usesReranker(framework) }

    package init(
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

    package func streams(_ module: ModuleName) -> RandomStreams { RandomStreams(seed: seed, module: UInt32(module.index)) }

    package func newEncoder(_ section: ModuleConfig, _ module: ModuleName) throws -> any GroupEncoder {
        try encoders.encoder(section, trainsCoarse: !section.freezeIntermediate, streams: streams(module))
    }

    package func network(_ section: ModuleConfig, _ module: ModuleName, _ encoder: any GroupEncoder) -> Network {
        Network(
            batchSize: section.batchSize, group: group, encoder: encoder, labelShards: shards, streams: streams(module),
            optimiser: section.optimiser, hasBias: section.bias)
    }

    /// A line for the log, said once a group.
    package func notice(_ text: String) throws {
        if group.isLeader { try sink.notice("seed \(seed): \(text)") }
    }
}

/// Where scores go: to the coordinator, or to whoever asked for a prediction.
package protocol ScoreSink {
    func send(_ block: ScoreBlock) throws
    func notice(_ text: String) throws
}
