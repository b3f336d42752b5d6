import Config
import Datasets
import DeepXMLModel
import Devices
import Support

/// What an encoder that is a stack of layers holds on each worker, as far as it is known before the run.
public struct EncoderSize: Sendable, Equatable {
    /// Floats of all layers' parameters, whole on every worker.
    public var parameters: Int
    /// Those of the largest run of layers whose gradients are summed together.
    public var largestRun: Int
    /// Every worker gets all of the layers' gradient; else its own part.
    public var needsWholeGradient = false
    /// It reads token embeddings; else documents that are vectors.
    public var readsTokens: Bool
    /// Floats that the layers keep for one token of a step, forward and backward.
    public var floatsPerToken: Int
    /// Tokens of a document that are read, at most.
    public var longest: Int
    /// Of these, floats that only the layer at work holds.
    public var sharedFloatsPerToken = 0
    /// Of a document, on average, as far as they are read; nil: all are.
    public var tokensPerDocument: Int?
    /// The same for one document of a step, beside its tokens.
    public var floatsPerDocument: Int
    public var intermediateDims: Int
    public var outputDims: Int

    public init(
        parameters: Int, readsTokens: Bool, floatsPerToken: Int, longest: Int = .max, tokensPerDocument: Int? = nil,
        floatsPerDocument: Int = 0,
        intermediateDims: Int, outputDims: Int
    ) {
        self.parameters = parameters
        largestRun = parameters
        self.readsTokens = readsTokens
        self.floatsPerToken = floatsPerToken
        self.longest = longest
        self.tokensPerDocument = tokensPerDocument
        self.floatsPerDocument = floatsPerDocument
        self.intermediateDims = intermediateDims
        self.outputDims = outputDims
    }
}

extension TrainOptions {
    /// nil for Astec, which is no stack.
    ///
    /// - Throws: `Failure` where layers don't fit each other.
    package func encoderSize(data: XCDataset) throws -> EncoderSize? {
        guard astec == nil else { return nil }
        let stack = try archDefinition.encoderStack(
            data: data, dims: config.global.embeddingDims, streams: RandomStreams(seed: 0, module: 1), hasMoments: false,
            on: CPUDevice(team: ThreadTeam(size: 1)))
        let readsTokens = stack.input == .tokens
        var size = EncoderSize(
            parameters: stack.gradientLength, readsTokens: readsTokens,
            floatsPerToken: readsTokens
                ? archDefinition.coarse.reduce(0) { $0 + $1.floatsPerToken(dims: stack.inputDims) } : 0,
            longest: readsTokens ? stack.longest : .max,
            tokensPerDocument: readsTokens && stack.longest < .max ? LongDocuments.meanTokens(data, longest: stack.longest) : nil,
            floatsPerDocument: stack.floatsPerRow, intermediateDims: stack.intermediateDims, outputDims: stack.outputDims)
        size.largestRun = stack.runs.map(\.floats.count).max() ?? 0
        size.needsWholeGradient = stack.finishesGradient
        size.sharedFloatsPerToken = archDefinition.coarse.reduce(0) { $0 + $1.sharedFloatsPerToken(dims: stack.inputDims) }
        return size
    }
}

extension Arch.Layer {
    /// The large ones of a layer's buffers for one token; with the layers' own sizes where the file says none.
    fileprivate func floatsPerToken(dims: Int) -> Int {
        func size(_ name: String, _ otherwise: Int) -> Int { numbers[name].map { Int($0) } ?? otherwise }
        switch kind {
        case "astecpp": return dims
        case "rnn":
            // A token's gates and state and their gradients, in each layer and direction; the input in its packed order.
            let gates = ["GRU": 3, "LSTM": 4][texts["cell_type"] ?? ""] ?? 1
            let sweeps = size("num_layers", 1) * (numbers["bidirectional"] == 1 ? 2 : 1)
            let all = texts["output"] ?? "last" != "last" ? size("hidden_size", 256) * (numbers["bidirectional"] == 1 ? 2 : 1) : 0
            return 2 * dims + 2 * sweeps * (gates + 2) * size("hidden_size", 256) + all
        case "transformer":
            // Beside the embeddings' sum and result, and the pooling's gradient, each layer's result, and what it has within: once,
            // where the layers share it.
            let within = floatsWithin(dims: dims), layers = size("num_layers", 6)
            return 3 * dims + layers * dims + (isCheckpointed ? 0 : layers * within)
        case "xmlcnn":
            let filters = (texts["filter_sizes"] ?? "2,4,8").split { "[], ".contains($0) }.compactMap { Double($0) }
            return filters.reduce(dims) { $0 + Int($1) * dims + size("num_filters", 128) }
        default: return 0
        }
    }

    private var isCheckpointed: Bool { kind == "transformer" && numbers["activation_checkpointing"] == 1 }

    /// What only the layer at work holds of a token.
    fileprivate func sharedFloatsPerToken(dims: Int) -> Int { isCheckpointed ? floatsWithin(dims: dims) : 0 }

    /// Of a layer of a transformer: projections, context, two sums and the first result; the feed-forward network before and after GELU.
    private func floatsWithin(dims: Int) -> Int {
        7 * dims + 2 * (numbers["intermediate_size"].map { Int($0) } ?? 4 * dims)
    }
}
