import Checkpoint
import Config
import Devices
import Support
import Training

/// The encoders, networks and searches of a trained learner, with the parameters that training left.
package struct TrainedNetworks {
    package let model: TrainedModel
    package let context: LearnerContext
    private let modules: NetworkModules
    private var config: Config { context.config }

    /// - Parameter batchSize: documents that a network takes at once, at least.
    package init(_ model: TrainedModel, _ framework: any NetworkLearner, group: WorkerGroup, batchSize: Int) throws {
        self.model = model
        modules = framework.modules
        var config = model.config
        for section in [\Config.surrogate, \.extreme, \.reranker] {
            config[keyPath: section].optimisation.batchSize = max(config[keyPath: section].optimisation.batchSize, batchSize)
            // All parameters are restored: drawing them first would be for nothing.
            config[keyPath: section].encoder.start = .intermediate
        }
        let encoders = EncoderPlan(
            arch: model.arch, astec: model.arch.isAstec ? try model.arch.astecParameters(embeddingDims: model.dims) : nil,
            dims: model.dims, data: model.data, embeddings: [:],
            pretrained: { _ in preconditionFailure("a trained learner starts from its checkpoints") }, group: group)
        // What there is to notice was said in training.
        context = LearnerContext(
            group: group, config: config, usesReranker: config.usesReranker(framework.requirements), seed: model.seed,
            encoders: encoders)
    }

    /// The network of a module.
    ///
    /// - Throws: `Failure` where the model has no such module, or a checkpoint of it is damaged.
    package func network(_ module: ModuleName) throws -> Network {
        let section = module == .reranker ? config.reranker : config.extreme
        let reader = try model.parameters(module.name), encoder = try encoder(module, reader)
        try encoder.restore(reader, moments: false)
        let network = try context.network(
            section, module, encoder, classifier: try classifier(module, section, reader, dims: encoder.outputDims))
        network.prepareForPrediction()
        return network
    }

    /// This worker's classifiers; none where it works alone and they are laid out to be searched (`packedClassifier`).
    private func classifier(_ module: ModuleName, _ section: ModuleConfig, _ reader: CheckpointReader, dims: Int) throws
        -> ClassifierShard
    {
        let device = context.group.device, ld = paddedWidth(dims), all = model.data.labelCount
        var labels = context.labels
        let weight: Buffer<Float>, bias: Buffer<Float>
        if let packed = try model.packedClassifier(module.name, dims: dims) {
            if context.group.size == 1 { labels = 0..<0 }
            (weight, bias) = (device.rows(labels, of: packed, ld: ld), packed.biases.view(labels))
        } else {
            try reader.require("classifier.weight", rows: all, cols: ld)
            try reader.require("classifier.bias", rows: all, cols: 1)
            (weight, bias) = (try reader.rows("classifier.weight", labels), try reader.rows("classifier.bias", labels))
        }
        return ClassifierShard(
            labels: labels, dims: dims, hasBias: section.classifier.bias, trained: weight, bias: bias, on: device)
    }

    /// The encoder of a module as it begins; its own parameters are to be restored, and its module's network need not be whole.
    ///
    /// - Parameter reader: of the module.
    package func encoder(_ module: ModuleName, _ reader: CheckpointReader) throws -> any GroupEncoder {
        let section = module == .reranker ? config.reranker : config.extreme
        try checkSizes(reader)
        // The classifiers of module III stand on the encoder of module I.
        guard modules.hasSurrogate, module == .extreme else { return try context.newEncoder(section, module) }
        let surrogate = try model.parameters(ModuleName.surrogate.name)
        try checkSizes(surrogate, isWhole: false)
        let encoder = try context.newEncoder(section, module)
        try encoder.restoreCoarse(surrogate)
        return encoder
    }

    /// What a config asks for is in the files, before memory is asked for.
    ///
    /// - Parameter isWhole: false: of the coarse part alone.
    /// - Throws: `Failure` where an encoder's array has another size than config and data give it.
    package func checkSizes(_ reader: CheckpointReader, isWhole: Bool = true) throws {
        let dims = model.dims
        if reader.contains("encoder") { try reader.require("encoder", rows: model.data.vocabularySize, cols: dims) }
        if let astec = context.encoders.astec {
            if isWhole, astec.fineDropout != nil { try reader.require("residual.weight", rows: dims, cols: paddedWidth(dims)) }
            return
        }
        let (rows, cols) = try reader.extent("layers"),
            size = try model.arch.encoderSizes(data: model.data, dims: dims).parameters
        guard rows * cols == size else {
            throw reader.otherSize("layers", found: "\(rows * cols) numbers", expected: "\(size), as model.json's layers have")
        }
    }

    /// Module II's search, over what `encoder` makes of the training documents.
    package func search(encoder: any GroupEncoder) throws -> ShortlistSearch {
        let module = config.extreme.searchesBeforeTraining ? ModuleName.shortlist : .finalShortlist
        let methods = try SearchMethods.trained(
            model.parameters(module.name), context, dims: SearchSpace(encoder, config.extreme).dims)
        return try ShortlistSearch(context, encoder: encoder, methods: methods, isForManyCalls: true)
    }
}
