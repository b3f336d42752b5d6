import Devices

/// The residual block of Astec's fine part: z = x̂ + dropout(ReLU(R̄ x̂ + b)), R̄ = R/σ(R) (WSDM 2021, §4).
///
/// Replicated on every rank of a group: R's gradient is formed from the whole ∂z, which all ranks have after its
/// allreduce. Ranks may share the work of a step all the same (rows of the batch forward, rows of R's gradient backward)
/// where messages are cheap; the bits stay the same.
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
    private let biasGradient: Tensor
    private let device: any Device

    public init(dims: Int, _ streams: RandomStreams, on device: any Device) {
        (self.dims, self.device) = (dims, device)
        let ld = paddedWidth(dims)
        weight = Parameter(rows: dims, cols: ld, on: device)
        bias = Parameter(rows: 1, cols: ld, on: device)
        device.upload(.identity(rows: dims, cols: ld), to: weight.value)
        norm = SpectralNorm(dims: dims, streams, on: device)
        effective = device.paddedTensor(rows: dims, dims: dims)
        gradient = device.paddedTensor(rows: dims, dims: dims)
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

    /// The first half of the backward pass: ∂h, where asked some columns of ∂x̂, and some rows of ∂R̄.
    ///
    /// - Parameters:
    ///   - dz, x, activation: rows×D, padded.
    ///   - keep: the share that dropout kept in the forward pass.
    ///   - dh: rows×D, padded: takes ∂ before the ReLU; `finishBackward` wants it again.
    ///   - columns: of ∂x̂.
    ///   - dx: rows×|columns|, without padding.
    ///   - gradientRows: of ∂R̄.
    public func beginBackward(
        _ dz: Tensor, x: Tensor, activation: Tensor, keep: Float, dh: Tensor, columns: Range<Int>, dx: Tensor?,
        gradientRows: Range<Int>
    ) {
        device.copy(dz, to: dh)
        device.dropReluBackward(dh, y: activation, keep: keep)
        if let dx { inputGradient(dz, dh, columns: columns, dx: dx) }
        device.forRanges(gradientRows.count, grain: 64) { [self] range in
            let rows = gradientRows.lowerBound + range.lowerBound..<gradientRows.lowerBound + range.upperBound
            device.multiply(transposed: dh.columns(rows), x, into: gradient.rows(rows))
        }
    }

    /// The second half, once `gradient` (∂R̄) is whole: the optimiser's step on R and b.
    public func finishBackward(dh: Tensor, _ step: OptimiserStep) {
        device.spectralNormBackward(
            gradient.withPadding, normalised: effective.withPadding, sigma: norm.sigma, u: norm.u, v: norm.v)
        device.update(weight, 0..<weight.rows * weight.cols, gradient: gradient.withPadding, step)
        device.columnSums(dh, into: biasGradient.columns(0..<dims))
        device.update(bias, 0..<bias.cols, gradient: biasGradient, step)
    }

    /// ∂x̂ = ∂z + ∂h R̄, the columns `columns` of it.
    private func inputGradient(_ dz: Tensor, _ dh: Tensor, columns: Range<Int>, dx: Tensor) {
        device.forRanges(dz.rows, grain: 32) { [self] rows in
            device.copy(dz.rows(rows).columns(columns), to: dx.rows(rows))
            device.multiply(dh.rows(rows), effective.columns(columns), into: dx.rows(rows), accumulate: true)
        }
    }
}
