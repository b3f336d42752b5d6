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

    /// Says how many documents are longer than a transformer has places for.
    package func noticeCutDocuments() throws {
        let layers = run.settings.options.archDefinition.coarse
        guard let layer = layers.first(where: { $0.kind == "transformer" }) else { return }
        let places = layer.numbers["positions"].map { Int($0) } ?? 512
        let cut = [data.trainFeatures, data.testFeatures].reduce(0) { sum, features in
            sum + (0..<features.rows).count { features.range($0).count > places }
        }
        if cut > 0 {
            try context.notice(
                "\(Quantity.plural(cut, "document")) longer than \(places) tokens: only the first \(places) are read")
        }
    }

    package func timed<Result>(_ module: String, _ body: () throws -> Result) rethrows -> Result {
        try run.timed(module, body)
    }

    /// Trains a network, or takes its parameters where that was done before.
    package func train(
        _ module: ModuleName, _ section: ModuleConfig, _ network: Network,
        on loss: () throws -> (any ClassifierStep, (any EpochSchedule)?)
    ) throws {
        if let done = try run.pinned(module) {
            try network.restore(done, moments: false)
        } else {
            let (loss, schedule) = try loss()
            try TrainingLoop(
                module: module, config: section, network: network, loss: loss, features: data.trainFeatures, control: control,
                schedule: section.classifier.startsAtText
                    ? TextClassifiers(network: network, data: data, and: schedule) : schedule
            ).run(from: run.checkpoint(within: module))
            adjustLogits(network.classifier, section)
            try run.pin(module, epoch: section.optimisation.epochs, network.storedArrays(moments: false))
        }
        network.prepareForPrediction()
    }

    /// In favour of rare labels, once, after training: what is pinned, and all that is made of it, has the raised biases.
    private func adjustLogits(_ classifier: ClassifierShard, _ section: ModuleConfig) {
        guard section.classifier.propensityWeight > 0 else { return }
        let inverse = Propensity.inverse(
            labelCounts: data.labelIds.array.map { data.labelCounts[Int($0)] }, documents: data.trainRowsInFile,
            A: config.global.A, B: config.global.B)
        classifier.adjustLogits(weight: section.classifier.propensityWeight, inversePropensity: inverse)
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
