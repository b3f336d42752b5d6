import Config
import Datasets
import DeepXMLModel
import Devices
import Support

/// What an encoder that is a stack of layers holds on each worker, as far as it is known before the run.
public struct EncoderSize: Sendable, Equatable {
    /// Floats of all layers' parameters, whole on every worker.
    public var parameters: Int
    /// It reads token embeddings; else documents that are vectors.
    public var readsTokens: Bool
    /// Floats that the layers keep for one token of a step, forward and backward.
    public var floatsPerToken: Int
    /// The same for one document of a step, beside its tokens.
    public var floatsPerDocument: Int
    public var intermediateDims: Int
    public var outputDims: Int

    public init(
        parameters: Int, readsTokens: Bool, floatsPerToken: Int, floatsPerDocument: Int = 0, intermediateDims: Int,
        outputDims: Int
    ) {
        self.parameters = parameters
        self.readsTokens = readsTokens
        self.floatsPerToken = floatsPerToken
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
            data: data, dims: config.global.embeddingDims, streams: RandomStreams(seed: 0, module: 1),
            on: CPUDevice(team: ThreadTeam(size: 1)))
        let readsTokens = stack.input == .tokens
        return EncoderSize(
            parameters: stack.gradientLength, readsTokens: readsTokens,
            floatsPerToken: readsTokens
                ? archDefinition.coarse.reduce(0) { $0 + $1.floatsPerToken(dims: stack.inputDims) } : 0,
            floatsPerDocument: stack.floatsPerRow, intermediateDims: stack.intermediateDims, outputDims: stack.outputDims)
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
            // Projections, context, two sums and two results of each layer; the feed-forward network before and after GELU.
            return 2 * dims + size("num_layers", 6) * (8 * dims + 2 * size("intermediate_size", 4 * dims))
        case "xmlcnn":
            let filters = (texts["filter_sizes"] ?? "2,4,8").split { "[], ".contains($0) }.compactMap { Double($0) }
            return filters.reduce(dims) { $0 + Int($1) * dims + size("num_filters", 128) }
        default: return 0
        }
    }
}
