import Devices

/// What an encoder reads of a document.
public enum EncoderInput: Sendable {
    /// A sequence (or bag) of token embeddings: the first layer is `astec`, `astecpp`, `rnn` or `xmlcnn`.
    case tokens
    /// One dense vector: `_identity`, `linear`, `mlp`, … come first.
    case features
}

/// Some rows of a batch, which one thread takes through the encoder; the same pointers forward and backward.
public struct EncoderBlock {
    /// Where the pass begins.
    public enum Stage: Sendable {
        /// At the encoder's input.
        case input
        /// At x̂: the coarse layers are passed by (`freeze_intermediate`, module III).
        case intermediate
    }

    public var rows: Int
    /// Document ids: the rows' keys of the dropout streams.
    public var ids: UnsafePointer<Int32>
    /// rows + 1: where each row's tokens begin within `x`; nil for features and x̂.
    public var starts: UnsafePointer<Int64>?
    /// A weight a token, for `astec`; nil: 1.
    public var weights: UnsafePointer<Float>?
    /// tokens×ld or rows×ld; ld = `paddedWidth` of the input's dims (at stage `intermediate`: of x̂'s).
    public var x: UnsafePointer<Float>
    public var stage: Stage

    public init(
        rows: Int, ids: UnsafePointer<Int32>, starts: UnsafePointer<Int64>? = nil, weights: UnsafePointer<Float>? = nil,
        x: UnsafePointer<Float>, stage: Stage = .input
    ) {
        self.rows = rows
        self.ids = ids
        self.starts = starts
        self.weights = weights
        self.x = x
        self.stage = stage
    }
}

/// A matrix within an encoder's flat parameters.
public struct ParameterSlot: Sendable, Equatable {
    /// Part, place in `order`, kind and torch's name: `fine.0.rnn.weight_ih_l0`.
    public let name: String
    /// Its floats, row-major without padding.
    public let range: Range<Int>
    public let rows: Int, cols: Int
    /// False: kept with the model, but not learnt (the spectral norm's u and v, running means and variances).
    public let isTrained: Bool
}
