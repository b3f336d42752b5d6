import Devices

/// What flows between two layers: a vector a row, a vector a token, or a fixed number of vectors a row.
struct LayerShape: Sendable, Equatable {
    var dims: Int
    var isSequence: Bool
    /// Vectors of each row, where they are as many in all rows; nil: one, or as many as the row has tokens.
    var length: Int?

    /// A vector a token.
    var hasTokens: Bool { isSequence && length == nil }
}

/// A layer of an encoder. It holds no state of a pass, so that blocks run side by side.
///
/// Activations are vectors×dims, padded with zeros. Each output row depends only on its input row (batch normalisation in
/// training excepted).
protocol EncoderLayer: Sendable {
    var output: LayerShape { get }

    /// Floats that it keeps for one row beside those for its tokens, about.
    var floatsPerRow: Int { get }

    /// The backward pass writes all of its slots' gradient: it needs no zeros there.
    var overwritesGradient: Bool { get }

    /// `finish` reads or changes the summed gradient, all of this layer's.
    var finishesGradient: Bool { get }

    /// Once before the passes that follow a change of the parameters `values`.
    func prepare(_ values: Tensor, training: Bool, on device: any Device)

    /// - Returns: the output, in memory of `pass.tape`.
    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor

    /// - Parameters:
    ///   - g: the gradient of the output; may be destroyed.
    ///   - gradient: of a run of layers: this layer's are written. They are zeros before, unless it overwrites them.
    /// - Returns: the gradient of `x` in memory of `pass.tape`, where it is wanted.
    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor?

    /// What is left to do with the summed gradient before the optimiser takes it; and the running statistics.
    func finish(gradient: LayerGradient, _ values: Tensor, _ step: FinishedStep, on device: any Device)
}

extension EncoderLayer {
    var floatsPerRow: Int { output.length.map { 2 * $0 * paddedWidth(output.dims) } ?? 0 }
    var overwritesGradient: Bool { false }
    var finishesGradient: Bool { false }
    func prepare(_ values: Tensor, training: Bool, on device: any Device) {}
    func finish(gradient: LayerGradient, _ values: Tensor, _ step: FinishedStep, on device: any Device) {}
}

/// One layer's share of one pass of one block.
struct LayerPass {
    let device: any Device
    /// All parameters, 1×P.
    let values: Tensor
    let plan: BlockPlan
    let tape: LayerTape
    /// Where dropout is drawn from; nil at prediction.
    let dropout: RandomStream?
    /// Of all layers; statistics stand behind them in a gradient.
    let parameterCount: Int

    var isTraining: Bool { dropout != nil }

    /// Vectors of this shape in the block.
    func count(_ shape: LayerShape) -> Int { shape.hasTokens ? plan.tokens : plan.rows * (shape.length ?? 1) }

    /// The tape's memory `number` for vectors of this shape.
    func activations(_ number: Int, _ shape: LayerShape) -> Tensor {
        tape.tensor(number, rows: count(shape), dims: shape.dims)
    }
}

/// A step whose gradients are summed.
struct FinishedStep {
    /// Blocks of at least one row.
    let blocks: Int
    let parameterCount: Int
}

/// One place of an encoder where numbers are dropped; no two places share random numbers.
struct DropoutSite: Sendable {
    /// Number of the place within the encoder.
    let site: Int
    /// Share that is kept.
    let keep: Float

    /// In place: x = dropout(x), or dropout(ReLU(x)); at prediction, x or ReLU(x).
    ///
    /// - Parameter ids, positions: a document and a place within it a vector.
    func apply(_ x: Tensor, relu: Bool, _ pass: LayerPass, ids: [Int32], positions: [Int32]?) {
        let dropout = draw(pass).map { Dropout(stream: $0.stream, keep: $0.keep, ids: ids, positions: positions) }
        if relu || dropout != nil { pass.device.drop(x, dropout, relu: relu) }
    }

    /// The place's own random numbers; nil where nothing is dropped.
    func draw(_ pass: LayerPass) -> (stream: RandomStream, keep: Float)? {
        guard var stream = pass.dropout, keep < 1 else { return nil }
        stream.purpose |= UInt32(site) << 16
        return (stream, keep)
    }

    /// The same for vectors of this shape in the block's own order.
    func apply(_ x: Tensor, shape: LayerShape, relu: Bool, _ pass: LayerPass) {
        let plan = pass.plan
        if let length = shape.length {
            return apply(
                x, relu: relu, pass, ids: plan.ids.flatMap { Array(repeating: $0, count: length) },
                positions: plan.ids.flatMap { _ in (0..<length).map { Int32($0) } })
        }
        apply(
            x, relu: relu, pass, ids: shape.isSequence ? plan.tokenIds : plan.ids,
            positions: shape.isSequence ? plan.tokenPositions : nil)
    }
}
