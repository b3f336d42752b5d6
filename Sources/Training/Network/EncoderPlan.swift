import Config
import Datasets
import DeepXMLModel
import Devices
import Formats
import Support

/// Makes the encoders of a learner's modules, all of one architecture.
package struct EncoderPlan {
    package let arch: Arch
    /// The architecture as Astec's; nil: it is another.
    package let astec: AstecParameters?
    /// D of the token embeddings.
    package let dims: Int
    package let data: XCDataset
    /// Where `token_embeddings` start from, by the config's name of the file; empty: they are to be restored.
    package let embeddings: [String: DenseMatrix]
    /// Opens the pretrained weights that a section names.
    package let pretrained: (ModuleConfig) throws -> PretrainedFolder
    package let group: WorkerGroup

    package init(
        arch: Arch, astec: AstecParameters?, dims: Int, data: XCDataset, embeddings: [String: DenseMatrix],
        pretrained: @escaping (ModuleConfig) throws -> PretrainedFolder, group: WorkerGroup
    ) {
        self.arch = arch
        self.astec = astec
        self.dims = dims
        self.data = data
        self.embeddings = embeddings
        self.pretrained = pretrained
        self.group = group
    }

    /// - Parameters:
    ///   - section: says where the encoder starts; with `intermediate`, its coarse part is to be copied or restored.
    ///   - trainsCoarse: false: the coarse part stays as it is.
    /// - Throws: `Failure` where the architecture's layers don't fit each other.
    package func encoder(_ section: ModuleConfig, trainsCoarse: Bool, streams: RandomStreams) throws -> any GroupEncoder {
        guard let astec else {
            let stack = try arch.encoderStack(data: data, dims: dims, streams: streams, hasMoments: false, on: group.device)
            if section.encoder.start == .pretrained {
                let folder = try pretrained(section)
                try stack.load(folder.shape, from: folder.path, read: folder.tensor)
            }
            return LayeredGroupEncoder(
                stack: stack, group: group, embeddings: stack.input == .tokens ? try embeddings(section, streams) : nil,
                batchSize: section.optimisation.batchSize, trainsCoarse: trainsCoarse,
                optimiser: section.encoderOptimiser(labels: data.labelCount))
        }
        let shape = NetworkShape(
            dims: dims, batchSize: section.optimisation.batchSize, trainsEncoder: trainsCoarse,
            encoderKeep: Float(1 - astec.coarseDropout), residualKeep: astec.fineDropout.map { Float(1 - $0) },
            optimiser: section.encoderOptimiser(labels: data.labelCount))
        return try AstecGroupEncoder(shape: shape, group: group, embeddings: embeddings(section, streams), streams: streams)
    }

    private func embeddings(_ section: ModuleConfig, _ streams: RandomStreams) throws -> EmbeddingShard {
        let shard = EmbeddingShard(vocabulary: data.vocabularySize, columns: group.ownSlice(dims), on: group.device)
        switch section.encoder.start {
        case .tokenEmbeddings:
            if let whole = self.embeddings[section.encoder.embeddings] { shard.initialise(from: whole) }
        case .random: shard.initialiseAtRandom(streams, dims: dims)
        case .pretrained: shard.initialise(from: try pretrained(section).tensor("embeddings.word"))
        case .intermediate: break
        }
        return shard
    }
}

extension LayerDescription {
    package init(_ layer: Arch.Layer) { self.init(kind: layer.kind, numbers: layer.numbers, texts: layer.texts) }
}

extension Arch {
    /// The architecture as a stack of layers, for the features that the data set has.
    ///
    /// - Parameters:
    ///   - dims: D of the token embeddings.
    ///   - hasMoments: false: the optimiser's state is kept elsewhere, or not at all.
    /// - Throws: `Failure` where layers don't fit each other.
    package func encoderStack(
        data: XCDataset, dims: Int, streams: RandomStreams, hasMoments: Bool = true, on device: any Device
    ) throws -> EncoderStack {
        try EncoderStack(
            coarse: coarse.map(LayerDescription.init), fine: fine.map(LayerDescription.init),
            inputDims: data.featureType == .dense ? data.vocabularySize : dims, streams: streams,
            hasMoments: hasMoments, on: device)
    }
}

extension Arch {
    /// Floats of the parameters of such a stack, and D of z, without memory for them.
    ///
    /// - Throws: `Failure` where layers don't fit each other.
    package func encoderSizes(data: XCDataset, dims: Int) throws -> (parameters: Int, outputDims: Int) {
        try EncoderStack.sizes(
            coarse: coarse.map(LayerDescription.init), fine: fine.map(LayerDescription.init),
            inputDims: data.featureType == .dense ? data.vocabularySize : dims, on: CPUDevice(team: ThreadTeam(size: 1)))
    }
}

extension Config {
    fileprivate var startsPretrained: Bool {
        [surrogate, extreme, reranker].contains { $0.encoder.start == .pretrained }
    }
}

extension TrainOptions {
    /// Whether the architecture can read the data set.
    ///
    /// - Throws: `Failure` that says which features it needs and how to get them.
    package func checkArchitecture(_ data: XCDataset) throws {
        let kinds = archDefinition.coarse.map(\.kind), type = data.featureType
        if astec != nil {
            guard !config.startsPretrained else { throw weightsForAnotherArch }
            guard type != .dense else { throw unfit("sparse or sequential", type, "give --arch Identity or MLP") }
            return
        }
        let stack = try archDefinition.encoderStack(
            data: data, dims: config.global.embeddingDims, streams: RandomStreams(seed: 0, module: 1),
            on: CPUDevice(team: ThreadTeam(size: 1)))
        try checkWeights(stack, data)
        if stack.input == .features && type != .dense {
            throw unfit("dense", type, "set global.feature_type to dense, with .npy features, or give --arch Astec")
        }
        if stack.input == .tokens && type == .dense { throw unfit("sequential", type, "give --arch Identity or MLP") }
        let ordered: Set = ["astecpp", "rnn", "xmlcnn", "transformer", "turn"]
        if !ordered.isDisjoint(with: kinds) && type != .sequential {
            throw unfit(
                "sequential", type,
                "deepxml-dist prepare writes trn_X_seq.npz and tst_X_seq.npz: --set global.feature_type=sequential "
                    + "--set global.trn_feat_fname=trn_X_seq.npz --set global.tst_feat_fname=tst_X_seq.npz")
        }
    }

    /// Pretrained weights, where there are to be some, are for this architecture and these tokens.
    private func checkWeights(_ stack: EncoderStack, _ data: XCDataset) throws {
        for section in [config.surrogate, config.extreme, config.reranker] where section.encoder.start == .pretrained {
            guard stack.transformer != nil else { throw weightsForAnotherArch }
            let folder = try PretrainedFolder(path: pretrainedFolder(section))
            try stack.check(folder.shape, from: folder.path)
            guard folder.shape.vocabulary == data.vocabularySize else {
                throw Failure(
                    .usage, "the data set's tokens are not the word pieces of the weights", at: folder.path,
                    found: "\(data.vocabularySize) tokens", expected: "\(folder.shape.vocabulary)",
                    advice: "make the data set by deepxml-dist prepare --pretrained \(folder.path)")
            }
        }
    }

    private var weightsForAnotherArch: Failure {
        Failure(
            .usage, "architecture \(arch) does not start from pretrained weights", at: "--arch \(arch)",
            found: "init \"pretrained\"", expected: "a transformer", advice: "give --arch MiniLM, or --set extreme.init=random")
    }

    private func unfit(_ wanted: String, _ found: FeatureType, _ advice: String) -> Failure {
        Failure(
            .usage, "architecture \(arch) cannot read these features", at: "--arch \(arch)",
            found: "global.feature_type \(found.rawValue)", expected: "\(wanted) features", advice: advice)
    }
}
