import Config
import Datasets
import DeepXMLModel
import Devices
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
    package let group: WorkerGroup

    package init(
        arch: Arch, astec: AstecParameters?, dims: Int, data: XCDataset, embeddings: [String: DenseMatrix], group: WorkerGroup
    ) {
        self.arch = arch
        self.astec = astec
        self.dims = dims
        self.data = data
        self.embeddings = embeddings
        self.group = group
    }

    /// - Parameters:
    ///   - section: says where the encoder starts; with `intermediate`, its coarse part is to be copied or restored.
    ///   - trainsCoarse: false: the coarse part stays as it is.
    /// - Throws: `Failure` where the architecture's layers don't fit each other.
    package func encoder(_ section: ModuleConfig, trainsCoarse: Bool, streams: RandomStreams) throws -> any GroupEncoder {
        guard let astec else {
            let stack = try arch.encoderStack(data: data, dims: dims, streams: streams, on: group.device)
            return LayeredGroupEncoder(
                stack: stack, group: group, embeddings: stack.input == .tokens ? embeddings(section, streams) : nil,
                batchSize: section.optimisation.batchSize, trainsCoarse: trainsCoarse,
                optimiser: section.encoderOptimiser(labels: data.labelCount))
        }
        let shape = NetworkShape(
            dims: dims, batchSize: section.optimisation.batchSize, trainsEncoder: trainsCoarse,
            encoderKeep: Float(1 - astec.coarseDropout), residualKeep: astec.fineDropout.map { Float(1 - $0) },
            optimiser: section.encoderOptimiser(labels: data.labelCount))
        return AstecGroupEncoder(shape: shape, group: group, embeddings: embeddings(section, streams), streams: streams)
    }

    private func embeddings(_ section: ModuleConfig, _ streams: RandomStreams) -> EmbeddingShard {
        let shard = EmbeddingShard(vocabulary: data.vocabularySize, columns: group.ownSlice(dims), on: group.device)
        switch section.encoder.start {
        case .tokenEmbeddings:
            if let whole = self.embeddings[section.encoder.embeddings] { shard.initialise(from: whole) }
        case .random: shard.initialiseAtRandom(streams, dims: dims)
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
    /// - Parameter dims: D of the token embeddings.
    /// - Throws: `Failure` where layers don't fit each other.
    package func encoderStack(data: XCDataset, dims: Int, streams: RandomStreams, on device: any Device) throws -> EncoderStack {
        try EncoderStack(
            coarse: coarse.map(LayerDescription.init), fine: fine.map(LayerDescription.init),
            inputDims: data.featureType == .dense ? data.vocabularySize : dims, streams: streams,
            on: device)
    }
}

extension TrainOptions {
    /// Whether the architecture can read the data set.
    ///
    /// - Throws: `Failure` that says which features it needs and how to get them.
    package func checkArchitecture(_ data: XCDataset) throws {
        let kinds = archDefinition.coarse.map(\.kind), type = data.featureType
        if astec != nil {
            guard type != .dense else { throw unfit("sparse or sequential", type, "give --arch Identity or MLP") }
            return
        }
        let stack = try archDefinition.encoderStack(
            data: data, dims: config.global.embeddingDims, streams: RandomStreams(seed: 0, module: 1),
            on: CPUDevice(team: ThreadTeam(size: 1)))
        if stack.input == .features && type != .dense {
            throw unfit("dense", type, "set global.feature_type to dense, with .npy features, or give --arch Astec")
        }
        if stack.input == .tokens && type == .dense { throw unfit("sequential", type, "give --arch Identity or MLP") }
        let ordered: Set = ["astecpp", "rnn", "xmlcnn", "transformer"]
        if !ordered.isDisjoint(with: kinds) && type != .sequential {
            throw unfit(
                "sequential", type,
                "deepxml-dist prepare writes trn_X_seq.npz and tst_X_seq.npz: --set global.feature_type=sequential "
                    + "--set global.trn_feat_fname=trn_X_seq.npz --set global.tst_feat_fname=tst_X_seq.npz")
        }
    }

    private func unfit(_ wanted: String, _ found: FeatureType, _ advice: String) -> Failure {
        Failure(
            .usage, "architecture \(arch) cannot read these features", at: "--arch \(arch)",
            found: "global.feature_type \(found.rawValue)", expected: "\(wanted) features", advice: advice)
    }
}
