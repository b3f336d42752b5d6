import Config
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
        let network = context.network(section, module, try encoder(module))
        try network.restore(model.checkpoint(module.name), moments: false)
        network.prepareForPrediction()
        return network
    }

    /// The encoder of a module as it begins; its own parameters are to be restored, and its module's network need not be whole.
    package func encoder(_ module: ModuleName) throws -> any GroupEncoder {
        let section = module == .reranker ? config.reranker : config.extreme
        let encoder = try context.newEncoder(section, module)
        // The classifiers of module III stand on the encoder of module I.
        if modules.hasSurrogate, module == .extreme {
            try encoder.restoreCoarse(model.checkpoint(ModuleName.surrogate.name))
        }
        return encoder
    }

    /// Module II's search, over what `encoder` makes of the training documents.
    package func search(encoder: any GroupEncoder) throws -> ShortlistSearch {
        let module = config.extreme.searchesBeforeTraining ? ModuleName.shortlist : .finalShortlist
        let methods = try SearchMethods.trained(
            model.checkpoint(module.name), context, dims: SearchSpace(encoder, config.extreme).dims)
        return try ShortlistSearch(context, encoder: encoder, methods: methods, isForManyCalls: true)
    }
}
