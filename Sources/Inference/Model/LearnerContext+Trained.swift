import Config
import Support
import Training

extension LearnerContext {
    /// Of a trained learner.
    ///
    /// - Parameter batchSize: documents that a network takes at once, at least.
    package init(_ model: TrainedModel, group: WorkerGroup, batchSize: Int, sink: any ScoreSink) throws {
        guard let framework = Framework(rawValue: model.description.framework) else {
            throw Failure(
                .usage, "a model of an unknown framework", at: "\(model.folder)/\(ModelDescription.fileName)",
                found: model.description.framework, expected: Framework.allCases.map(\.rawValue).joined(separator: ", "),
                advice: "use the version of deepxml-dist that trained it")
        }
        var config = model.config
        for section in [\Config.surrogate, \.extreme, \.reranker] {
            config[keyPath: section].batchSize = max(config[keyPath: section].batchSize, batchSize)
            // All parameters are restored: drawing them first would be for nothing.
            config[keyPath: section].initialisation = "intermediate"
        }
        let encoders = EncoderPlan(
            arch: model.arch, astec: model.arch.isAstec ? try model.arch.astecParameters(embeddingDims: model.dims) : nil,
            dims: model.dims, data: model.data, embeddings: [:], group: group)
        self.init(
            group: group, framework: framework, config: config, seed: model.seed, encoders: encoders, sink: sink)
    }

    /// The network of a module, with the parameters that training left.
    ///
    /// - Throws: `Failure` where the model has no such module, or a checkpoint of it is damaged.
    package func trainedNetwork(_ module: ModuleName, _ model: TrainedModel) throws -> Network {
        let section = module == .reranker ? config.reranker : config.extreme
        let network = self.network(section, module, try trainedEncoder(module, model))
        try network.restore(model.checkpoint(module.name), moments: false)
        network.prepareForPrediction()
        return network
    }

    /// The encoder of a module, with the parameters that training left; its module's network need not be whole.
    package func trainedEncoder(_ module: ModuleName, _ model: TrainedModel) throws -> any GroupEncoder {
        let section = module == .reranker ? config.reranker : config.extreme, encoder = try newEncoder(section, module)
        // The classifiers of module III stand on the encoder of module I.
        if framework == .deepXML, module == .extreme { try encoder.restoreCoarse(model.checkpoint(ModuleName.surrogate.name)) }
        return encoder
    }

    /// Module II's search, over what `encoder` makes of the training documents.
    package func trainedSearch(_ model: TrainedModel, encoder: any GroupEncoder) throws -> ShortlistSearch {
        let module = config.extreme.searchesBeforeTraining ? ModuleName.shortlist : .finalShortlist
        let methods = try SearchMethods.trained(
            model.checkpoint(module.name), self, dims: SearchSpace(encoder, config.extreme).dims)
        return try ShortlistSearch(self, encoder: encoder, methods: methods, isForManyCalls: true)
    }
}
