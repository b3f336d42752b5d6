import Config
import Datasets
import DeepXMLModel
import Devices

/// What one worker must know of a learner of encoders and classifiers to search, to score and to build its networks: in
/// training, and when a trained one predicts.
package struct LearnerContext {
    package let group: WorkerGroup
    package let config: Config
    package let usesReranker: Bool
    package let seed: UInt64
    /// Training documents and labels.
    package let data: XCDataset
    /// How the labels are cut; by cost, from the training data alone.
    package let shards: LabelShards
    package let encoders: EncoderPlan
    /// Notices are not said: they would come again and again.
    package var isSilent = false
    /// Takes a line for the log from each worker; one of them is enough.
    private let log: (String) throws -> Void

    /// This worker's.
    package var labels: Range<Int> { shards.labels(ofWorker: group.rank, workers: group.size) }

    package init(
        group: WorkerGroup, config: Config, usesReranker: Bool, seed: UInt64, encoders: EncoderPlan,
        log: @escaping (String) throws -> Void = { _ in }
    ) {
        self.group = group
        self.config = config
        self.usesReranker = usesReranker
        self.seed = seed
        self.encoders = encoders
        self.log = log
        data = encoders.data
        shards = LabelShards.cut(positives: encoders.data.positives)
    }

    package func streams(_ module: ModuleName) -> RandomStreams { RandomStreams(seed: seed, module: UInt32(module.index)) }

    package func newEncoder(_ section: ModuleConfig, _ module: ModuleName) throws -> any GroupEncoder {
        try encoders.encoder(section, trainsCoarse: !section.encoder.isFrozen, streams: streams(module))
    }

    /// - Parameter classifier: trained ones, of this worker's labels; nil: new ones.
    package func network(
        _ section: ModuleConfig, _ module: ModuleName, _ encoder: any GroupEncoder, classifier: ClassifierShard? = nil
    ) throws -> Network {
        try Network(
            batchSize: section.optimisation.batchSize, group: group, encoder: encoder, labelShards: shards,
            streams: streams(module),
            optimiser: section.optimiser, hasBias: section.classifier.bias, classifier: classifier)
    }

    /// A line for the log, said once a group.
    package func notice(_ text: String) throws {
        if group.isLeader, !isSilent { try log("seed \(seed): \(text)") }
    }
}
