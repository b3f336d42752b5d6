import Devices

/// The residual block of Astec's fine part: z = x̂ + dropout(ReLU(R̄ x̂ + b)), R̄ = R/σ(R) (WSDM 2021, §4).
///
/// R is whole on every rank of a group, and so is ∂z after its allreduce. Ranks may share the work of a step all the same: rows
/// of the batch forward, rows of R's gradient and of R itself backward; the bits stay the same.
public final class Residual: Sendable {
    public let dims: Int
    /// R: D×ld; starts as the identity.
    public let weight: Parameter
    /// b: 1×ld.
    public let bias: Parameter
    public let norm: SpectralNorm
    /// ∂R̄ of the backward pass: D×D, padded.
    public let gradient: Tensor
    /// R̄ of the last `prepare`: D×D, padded.
    private let effective: Tensor
    /// ∂b: 1×ld.
    public let biasGradient: Tensor
    /// ∂R: `gradient` itself, or, where others still read that, memory of this rank alone.
    private let adjusted: Tensor
    private let device: any Device

    /// - Parameter shared: makes the tensors (zeros) that ranks share, each with memory of its own: R, b, their moments, and
    ///   `gradient`; nil: this rank has all for itself.
    public init(
        dims: Int, _ streams: RandomStreams, on device: any Device, shared: ((_ rows: Int, _ cols: Int) -> Tensor)? = nil
    ) {
        (self.dims, self.device) = (dims, device)
        let ld = paddedWidth(dims), tensor = shared ?? { device.tensor(rows: $0, cols: $1) }
        weight = Parameter(rows: dims, cols: ld, tensor)
        bias = Parameter(rows: 1, cols: ld, tensor)
        device.upload(.identity(rows: dims, cols: ld), to: weight.value)
        norm = SpectralNorm(dims: dims, streams, on: device)
        effective = device.paddedTensor(rows: dims, dims: dims)
        gradient = tensor(dims, ld).columns(0..<dims)
        adjusted = shared == nil ? gradient : device.paddedTensor(rows: dims, dims: dims)
        biasGradient = device.tensor(rows: 1, cols: ld)
    }

    /// Computes R̄ for the passes that follow, after one power iteration in training.
    public func prepare(training: Bool) {
        norm.update(weight.value, iterates: training)
        device.divide(weight.value, by: norm.sigma, into: effective.withPadding)
    }

    /// activation = dropout(ReLU(R̄ x̂ + b)); z = x̂ + activation.
    ///
    /// - Parameters:
    ///   - x, activation, z: rows×D, padded.
    ///   - ids: a document a row.
    public func forward(
        _ x: Tensor, ids: [Int32], dropout: (stream: RandomStream, keep: Float)?, activation: Tensor, z: Tensor
    ) {
        device.forRanges(x.rows, grain: 32) { [self] rows in
            let h = activation.rows(rows)
            device.multiply(x.rows(rows), transposed: effective, into: h)
            device.addBias(bias.value.columns(0..<dims), to: h)
            device.drop(h, dropout.map { Dropout(stream: $0.stream, keep: $0.keep, ids: Array(ids[rows])) }, relu: true)
            device.add(x.rows(rows), h, into: z.rows(rows))
        }
    }

    /// The backward pass begins: ∂h, before the ReLU, from ∂z. Entry by entry, so that any part of all three will do.
    ///
    /// - Parameter keep: the share that dropout kept in the forward pass.
    public func activationGradient(_ dz: Tensor, activation: Tensor, keep: Float, dh: Tensor) {
        device.copy(dz, to: dh)
        device.dropReluBackward(dh, y: activation, keep: keep)
    }

    /// ∂x̂ = ∂z + ∂h R̄, some columns of it.
    ///
    /// - Parameters:
    ///   - dz, dh: rows×D, padded.
    ///   - dx: rows×|columns|.
    public func inputGradient(_ dz: Tensor, dh: Tensor, columns: Range<Int>, dx: Tensor) {
        device.forRanges(dz.rows, grain: 32) { [self] rows in
            device.copy(dz.rows(rows).columns(columns), to: dx.rows(rows))
            device.multiply(dh.rows(rows), effective.columns(columns), into: dx.rows(rows), accumulate: true)
        }
    }

    /// ∂R̄ = ∂hᵀ x̂ and ∂b, some rows of them.
    ///
    /// - Parameters:
    ///   - dh: the columns `rows` of ∂h, of all documents of the batch.
    ///   - x: documents×D, padded.
    public func weightGradient(_ dh: Tensor, x: Tensor, rows: Range<Int>) {
        device.forRanges(rows.count, grain: 64) { [self] range in
            let own = rows.lowerBound + range.lowerBound..<rows.lowerBound + range.upperBound
            device.multiply(transposed: dh.columns(range), x, into: gradient.rows(own))
        }
        device.columnSums(dh, into: biasGradient.columns(rows))
    }

    /// The end of the backward pass, once `gradient` (∂R̄) is whole: the optimiser's step on some rows of R, and as many entries
    /// of b, whose gradient must be there.
    public func finishBackward(rows: Range<Int>, _ step: OptimiserStep) {
        let whole = adjusted.withPadding, entries = rows.lowerBound * whole.cols..<rows.upperBound * whole.cols
        device.spectralNormBackward(
            gradient.withPadding, normalised: effective.withPadding, sigma: norm.sigma, u: norm.u, v: norm.v, rows: rows,
            into: whole)
        device.update(weight, entries, gradient: whole.rows(rows), step)
        device.update(bias, rows, gradient: biasGradient.columns(rows), step)
    }
}
