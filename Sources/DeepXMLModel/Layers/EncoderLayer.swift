import Devices
import Kernels

/// What flows between two layers: a vector a row, or a vector a token.
struct LayerShape: Sendable, Equatable {
    var dims: Int
    var isSequence: Bool
    /// Floats from one vector to the next.
    var ld: Int { paddedWidth(dims) }
}

/// A layer of an encoder. It holds no state of a pass, so that blocks run side by side.
///
/// Activations are vectors×ld, padding zero. What a layer makes of a row hangs on that row alone.
protocol EncoderLayer: Sendable {
    var output: LayerShape { get }

    /// Once before the passes that follow a change of the parameters `values`.
    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool)

    /// - Returns: the output, in memory of `pass.tape`.
    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float>

    /// - Parameters:
    ///   - g: the gradient of the output; may be destroyed.
    ///   - gradient: of all parameters, zeros where this layer's are: written there.
    /// - Returns: the gradient of `x` in memory of `pass.tape`, where it is wanted.
    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>?

    /// What is left to do with the summed gradient before the optimiser takes it; and the running statistics.
    func finish(gradient: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>, _ step: FinishedStep)
}

extension EncoderLayer {
    func prepare(_ values: UnsafeMutablePointer<Float>, training: Bool) {}
    func finish(gradient: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>, _ step: FinishedStep) {}
}

/// One layer's share of one pass of one block.
struct LayerPass {
    /// All parameters.
    let values: UnsafePointer<Float>
    let plan: BlockPlan
    let tape: LayerTape
    /// Where dropout is drawn from; nil at prediction.
    let dropout: RandomStream?
    /// Of all layers; statistics stand behind them in a gradient.
    let parameterCount: Int

    var isTraining: Bool { dropout != nil }

    /// Vectors of this shape in the block.
    func count(_ shape: LayerShape) -> Int { shape.isSequence ? plan.tokens : plan.rows }
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
    /// - Parameter ids, positions: a document and a place within it a vector; nil: the rows'.
    func apply(
        _ x: UnsafeMutablePointer<Float>, shape: LayerShape, relu: Bool, _ pass: LayerPass, ids: UnsafePointer<Int32>,
        positions: UnsafePointer<Int32>?
    ) {
        let share = pass.isTraining ? keep : 1
        if share >= 1, !relu { return }
        var stream = pass.dropout ?? RandomStream(key0: 0, key1: 0, purpose: 0, step: 0)
        stream.purpose |= UInt32(site) << 16
        dx_dropout(x, pass.count(shape), shape.dims, shape.ld, ids, positions, stream.hostStream, share, relu ? 1 : 0)
    }

    /// The same for vectors in the block's own order.
    func apply(_ x: UnsafeMutablePointer<Float>, shape: LayerShape, relu: Bool, _ pass: LayerPass) {
        if !shape.isSequence {
            return apply(x, shape: shape, relu: relu, pass, ids: pass.plan.ids, positions: nil)
        }
        pass.plan.tokenIds.withUnsafeBufferPointer { ids in
            pass.plan.tokenPositions.withUnsafeBufferPointer { positions in
                guard let first = ids.baseAddress else { return }
                apply(x, shape: shape, relu: relu, pass, ids: first, positions: positions.baseAddress)
            }
        }
    }
}
