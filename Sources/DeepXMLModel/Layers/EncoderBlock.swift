import Devices

/// What an encoder reads of a document.
public enum EncoderInput: Sendable {
    /// A sequence (or bag) of token embeddings: the first layer is `astec`, `astecpp`, `rnn` or `xmlcnn`.
    case tokens
    /// One dense vector: `_identity`, `linear`, `mlp`, … come first.
    case features
}

/// Some rows of a batch, which one thread takes through the encoder; the same block forward and backward.
public struct EncoderBlock: Sendable {
    /// Where the pass begins.
    public enum Stage: Sendable {
        /// At the encoder's input.
        case input
        /// At x̂: the coarse layers are passed by (`freeze_intermediate`, module III).
        case intermediate
    }

    /// Document ids: the rows' keys of the dropout streams.
    public var ids: [Int32]
    /// rows + 1, from 0: where each row's tokens begin within `x`; nil for features and x̂.
    public var starts: [Int64]?
    /// A weight a token (1×tokens), for `astec`; nil: 1.
    public var weights: Tensor?
    /// tokens×D or rows×D, with padding of zeros; D is that of the input (at stage `intermediate`: of x̂).
    public var x: Tensor
    public var stage: Stage
    public var rows: Int { ids.count }

    public init(ids: [Int32], starts: [Int64]? = nil, weights: Tensor? = nil, x: Tensor, stage: Stage = .input) {
        precondition(starts == nil || (starts?.first == 0 && starts?.count == ids.count + 1))
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
    /// Layers of a transformer below it and its own; 0: none (`EncoderStack.rateFactor`).
    public let level: Int
}

extension Tensor {
    /// The matrix of a slot within flat parameters.
    func matrix(_ slot: ParameterSlot) -> Tensor {
        matrix(at: slot.range.lowerBound, rows: slot.rows, cols: slot.cols)
    }
}

/// Some neighbouring layers of an encoder, whose gradients are made and summed together.
public struct LayerRun: Sendable, Equatable {
    let layers: Range<Int>
    /// Theirs of all parameters; the last may have statistics behind these.
    public let floats: Range<Int>
}

/// The gradient of a run of layers, from the float `first` of all parameters on.
struct LayerGradient {
    private let floats: Tensor
    private let first: Int

    /// - Parameter floats: 1×count.
    init(_ floats: Tensor, from first: Int) { (self.floats, self.first) = (floats, first) }

    func matrix(_ slot: ParameterSlot) -> Tensor {
        floats.matrix(at: slot.range.lowerBound - first, rows: slot.rows, cols: slot.cols)
    }

    func flat(_ range: Range<Int>) -> Tensor { floats.flat(range.lowerBound - first..<range.upperBound - first) }
}
