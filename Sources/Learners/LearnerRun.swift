import Checkpoint
import Config
import Datasets
import DeepXMLModel
import Devices
import Formats
import Foundation
import Support
import Training

/// One learner on one worker of its group: the modules of its framework in order, then its scores of the test documents.
///
/// The result of a module is a pinned checkpoint; a run that was stopped goes on after the last of them, or within a
/// module from its newest checkpoint.
package final class LearnerRun {
    package let settings: RunSettings
    package let control: LearnerControl
    package let context: LearnerContext
    /// Wall seconds of each module.
    package private(set) var seconds: [String: Double] = [:]
    /// The newest checkpoint within a module, where one was interrupted.
    private var newest: CheckpointReader?

    package var group: WorkerGroup { context.group }
    package var config: Config { context.config }
    package var framework: Framework { context.framework }
    package var data: XCDataset { context.data }
    package var labels: Range<Int> { context.labels }

    package init(settings: RunSettings, control: LearnerControl) {
        self.settings = settings
        self.control = control
        let options = settings.options
        let encoders = EncoderPlan(
            arch: options.archDefinition, astec: options.astec, dims: settings.dims, data: settings.data,
            embeddings: settings.embeddings, group: control.group)
        context = LearnerContext(
            group: control.group, framework: options.framework, config: options.config, seed: control.seed, encoders: encoders,
            sink: control)
    }

    /// Trains what is not trained yet, and sends the scores to the coordinator.
    package func run() throws {
        newest = try control.agree { try $0.newest() }
        if let key = newest?.key {
            try control.notice("seed \(control.seed) goes on from checkpoint \(key.module), epoch \(key.epoch), step \(key.step)")
        }
        let stage = try trainFirstStage()
        try control.betweenModules()
        var reranker: Network?
        if context.usesReranker { reranker = try timed("reranker") { try trainReranker(stage) } }
        try timed("predict") { try Prediction(context: context, stage: stage, reranker: reranker).send() }
    }

    private func trainFirstStage() throws -> any FirstStage {
        switch framework {
        case .deepXML:
            let encoder = try timed("surrogate", trainSurrogate)
            try control.betweenModules()
            return try trainOnShortlists(encoder)
        case .anns: return try trainOnShortlists(try context.newEncoder(config.extreme, .extreme))
        case .ova: return try timed("extreme", trainOnAllLabels)
        }
    }

    package func timed<Result>(_ module: String, _ body: () throws -> Result) rethrows -> Result {
        let time = Stopwatch()
        defer { seconds[module, default: 0] += time.seconds }
        return try body()
    }

    /// The newest checkpoint where it lies within `module`.
    package func checkpoint(within module: ModuleName) -> CheckpointReader? {
        guard let newest, newest.key.module == module.name, !newest.isPinned else { return nil }
        return newest
    }

    /// The result of a module that was trained before.
    package func pinned(_ module: ModuleName) throws -> CheckpointReader? {
        try control.agree { try $0.pinned(module: module.name) }
    }

    /// Pins the result of a module: parameters without moments.
    ///
    /// - Parameter step: orders results of modules with the same place.
    package func pin(_ module: ModuleName, epoch: Int, step: Int = 0, _ arrays: [StoredArray], state: [String: String] = [:])
        throws
    {
        try control.save(module.key(epoch: epoch, step: step), arrays: arrays, pinned: true, state: state)
    }

    /// Module I: trained on clusters of labels, for the encoder's coarse part alone.
    ///
    /// - Returns: the encoder of module III, which begins with that part.
    private func trainSurrogate() throws -> any GroupEncoder {
        let next = try context.newEncoder(config.extreme, .extreme)
        if let done = try pinned(.surrogate) {
            try next.restoreCoarse(done)
            return next
        }
        let section = config.surrogate, task = try SurrogateTask(run: self)
        let encoder = try context.newEncoder(section, .surrogate)
        let network = Network(
            batchSize: section.batchSize, group: group, encoder: encoder,
            labelShards: LabelShards.cut(costs: Array(repeating: 1, count: task.truth.cols)),
            streams: context.streams(.surrogate),
            optimiser: section.optimiser, hasBias: section.bias)
        try TrainingLoop(
            module: .surrogate, config: section, network: network,
            loss: OneVsAllStep(truth: task.truth, network: network, section: section),
            features: task.features, control: control
        ).run(from: checkpoint(within: .surrogate))
        try pin(.surrogate, epoch: section.numEpochs, encoder.storedCoarse())
        // With `init` other than `intermediate` the original starts module III afresh; no config of its does.
        next.copyCoarse(from: encoder)
        return next
    }

    /// All labels at once (DeepXML-OVA).
    private func trainOnAllLabels() throws -> any FirstStage {
        let section = config.extreme
        let network = context.network(section, .extreme, try context.newEncoder(section, .extreme))
        try train(.extreme, section, network) { (OneVsAllStep(truth: data.trainLabels, network: network, section: section), nil) }
        return OneVsAllStage(context: context, network: network, queries: data.testFeatures)
    }

    // Module IV.
    private func trainReranker(_ stage: any FirstStage) throws -> Network {
        let section = config.reranker
        let network = context.network(section, .reranker, try context.newEncoder(section, .reranker))
        let sizes = ShortlistSizes(maxPositives: section.maxPositives, randomNegatives: 0, limit: section.numNbrs)
        try train(.reranker, section, network) {
            let negatives = try stage.negatives(sizes: sizes)
            return (
                ShortlistStep(truth: data.trainLabels, negatives: negatives, sizes: sizes, network: network, section: section),
                nil
            )
        }
        return network
    }

    /// Trains a network, or takes its parameters where that was done before.
    package func train(
        _ module: ModuleName, _ section: ModuleConfig, _ network: Network,
        on loss: () throws -> (any ClassifierStep, (any EpochSchedule)?)
    ) throws {
        if let done = try pinned(module) {
            try network.restore(done, moments: false)
        } else {
            let (loss, schedule) = try loss()
            try TrainingLoop(
                module: module, config: section, network: network, loss: loss, features: data.trainFeatures, control: control,
                schedule: schedule
            ).run(from: checkpoint(within: module))
            adjustLogits(network.classifier, section)
            try pin(module, epoch: section.numEpochs, network.storedArrays(moments: false))
        }
        network.prepareForPrediction()
    }

    /// Once, after training: what is pinned, and all that is made of it, has the raised biases.
    private func adjustLogits(_ classifier: ClassifierShard, _ section: ModuleConfig) {
        guard section.propensityWeight > 0 else { return }
        let inverse = Propensity.inverse(
            labelCounts: data.labelIds.array.map { data.labelCounts[Int($0)] }, documents: data.trainRowsInFile,
            A: config.global.A, B: config.global.B)
        classifier.adjustLogits(weight: section.propensityWeight, inversePropensity: inverse)
    }
}
