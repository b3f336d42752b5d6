import Config
import Datasets
import DeepXMLModel
import Devices
import Formats
import Support
import Training

/// A learner of encoders and classifiers in training, on one worker: what its modules share.
package struct NetworkRun {
    package let run: LearnerRun
    package let context: LearnerContext

    package var control: LearnerControl { run.control }
    package var group: WorkerGroup { run.group }
    package var config: Config { run.config }
    package var data: XCDataset { run.data }
    package var labels: Range<Int> { run.labels }

    package init(_ run: LearnerRun, usesReranker: Bool) {
        self.run = run
        let options = run.settings.options
        let encoders = EncoderPlan(
            arch: options.archDefinition, astec: options.astec, dims: run.settings.dims, data: run.data,
            embeddings: run.settings.embeddings,
            pretrained: { try PretrainedFolder(path: options.pretrainedFolder($0)) }, group: run.group)
        context = LearnerContext(
            group: run.group, config: options.config, usesReranker: usesReranker, seed: run.seed, encoders: encoders,
            log: run.control.notice)
    }

    /// Features of the validation documents; no rows without any.
    package var validationFeatures: CSRMatrix { data.validation?.features ?? data.testFeatures.selecting(rows: []) }

    package func timed<Result>(_ module: String, _ body: () throws -> Result) rethrows -> Result {
        try run.timed(module, body)
    }

    /// The encoder of a module as it begins; empty where a checkpoint has all its parameters, which are then restored: the weights
    /// that it began with may be gone.
    package func newEncoder(_ section: ModuleConfig, _ module: ModuleName) throws -> any GroupEncoder {
        var section = section
        if section.encoder.start == .pretrained, !section.encoder.isFrozen, try isStored(module) {
            section.encoder.start = .intermediate
        }
        return try context.newEncoder(section, module)
    }

    private func isStored(_ module: ModuleName) throws -> Bool {
        if run.checkpoint(within: module) != nil { return true }
        return try run.pinned(module) != nil
    }

    /// Trains a network, or takes its parameters where that was done before.
    ///
    /// - Parameter validation: how the validation documents are scored by the network as it is, where there are some.
    package func train(
        _ module: ModuleName, _ section: ModuleConfig, _ network: Network, validation: @escaping () throws -> Prediction,
        on loss: () throws -> (any ClassifierStep, (any EpochSchedule)?)
    ) throws {
        if let done = try run.pinned(module) {
            try network.restore(done, moments: false)
            try ModuleValidation.record(done, into: self)
        } else {
            let (loss, other) = try loss()
            let schedule =
                section.classifier.startsAtText ? TextClassifiers(network: network, data: data, and: other) : other
            let validation = ModuleValidation(self, module, section, network, schedule: schedule, prediction: validation)
            try TrainingLoop(
                module: module, config: section, network: network, loss: loss, features: data.trainFeatures, control: control,
                schedule: schedule, validation: validation
            ).run(from: run.checkpoint(within: module))
            try pin(module, section, network, validation)
        }
        try ModuleValidation.removeBest(of: module, self)
        network.prepareForPrediction()
    }

    /// Pins a network that is trained, with its biases raised.
    private func pin(_ module: ModuleName, _ section: ModuleConfig, _ network: Network, _ validation: ModuleValidation?) throws {
        try validation?.conclude()
        try run.control.requireFinite(network.storedArrays(moments: false), of: module)
        let tuning = try validation?.tunePropensityWeight()
        adjustLogits(network.classifier, weight: tuning?.chosen ?? section.classifier.propensityWeight)
        // What the surrogate's encoder has, that module's result holds.
        let fixed = section.encoder.start == .intermediate ? [] : network.encoder.storedFixed()
        var state = validation?.state ?? [:]
        if let tuning { state[ModuleValidation.StateKey.tuning] = ModuleValidation.encoded(tuning) }
        try run.pin(
            module, epoch: section.optimisation.epochs, network.storedArrays(moments: false) + fixed, state: state)
        if let validation { run.validation.modules.append(validation.history) }
        if let tuning { run.validation.tuned.append(tuning) }
    }

    /// Calls `body` with the biases that `weight` gives, and puts them back.
    func withAdjustedLogits<Result>(_ classifier: ClassifierShard, weight: Double, _ body: () throws -> Result) throws -> Result {
        guard weight > 0 else { return try body() }
        let bias = classifier.bias.value, kept = group.device.tensor(rows: bias.rows, cols: bias.cols)
        group.device.copy(bias, to: kept)
        defer { group.device.copy(kept, to: bias) }
        adjustLogits(classifier, weight: weight)
        return try body()
    }

    /// In favour of rare labels, once, after training: what is pinned, and all that is made of it, has the raised biases.
    private func adjustLogits(_ classifier: ClassifierShard, weight: Double) {
        guard weight > 0 else { return }
        let inverse = Propensity.inverse(
            labelCounts: data.labelIds.array.map { data.labelCounts[Int($0)] }, documents: data.trainRowsInFile,
            A: config.global.A, B: config.global.B)
        classifier.adjustLogits(weight: weight, inversePropensity: inverse)
    }

    /// Deals lists out to the workers that own their labels.
    package func own(_ lists: TopK, of rows: RowLists, for use: OwnShortlists.Use) throws -> OwnShortlists {
        try OwnShortlists(lists, of: rows, labels: labels, labelCount: data.labelCount, for: use)
    }

    /// A search over what `encoder` makes of the training documents now.
    ///
    /// - Parameter says: the methods chosen go to the log.
    package func search(_ encoder: any GroupEncoder, says: Bool) throws -> ShortlistSearch {
        encoder.prepareForPrediction()
        let queries = data.trainFeatures.rows + data.testFeatures.rows
        let methods = SearchMethods.choose(context, dims: SearchSpace(encoder, config.extreme).dims, queries: queries)
        if says { for reason in methods.reasons { try context.notice(reason) } }
        return try ShortlistSearch(context, encoder: encoder, methods: methods)
    }
}
