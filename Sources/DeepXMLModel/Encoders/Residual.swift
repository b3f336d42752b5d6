import Devices
import Kernels
import Support

/// The residual block of Astec's fine part: z = x̂ + dropout(ReLU(R̄ x̂ + b)), R̄ = R/σ(R) (WSDM 2021, §4).
///
/// Replicated on every rank of a group: R's gradient is formed from the whole ∂z, which all ranks have after its
/// allreduce. Ranks may share the work of a step all the same (rows of the batch forward, rows of R's gradient backward)
/// where messages are cheap; the bits stay the same.
public final class Residual: Sendable {
    public let dims: Int
    private let device: any Device
    /// R: D×ld; starts as the identity.
    public let weight: Parameter
    /// b: 1×ld.
    public let bias: Parameter
    public let norm: SpectralNorm
    /// R̄ of the last forward pass: D×ld.
    private let effective: DenseMatrix
    private let sigma = Buffer<Float>(count: 1)
    /// ∂R̄ of the backward pass: D×ld.
    public let gradient: DenseMatrix
    private var ld: Int { weight.value.cols }

    public init(dims: Int, _ streams: RandomStreams, on device: any Device) {
        self.dims = dims
        self.device = device
        let ld = paddedWidth(dims)
        weight = Parameter(rows: dims, cols: ld, on: device)
        bias = Parameter(rows: 1, cols: ld, on: device)
        for i in 0..<dims { weight.value.hostRow(i)[i] = 1 }
        norm = SpectralNorm(dims: dims, ld: ld, streams)
        effective = DenseMatrix(rows: dims, cols: ld)
        gradient = DenseMatrix(rows: dims, cols: ld)
    }

    /// Computes R̄ for the passes that follow, after one power iteration in training.
    public func prepare(training: Bool) {
        sigma[0] = training ? norm.iterate(device.matrix(weight.value)) : norm.sigma(device.matrix(weight.value))
        let inverse = 1 / sigma[0]
        for i in 0..<dims * ld { effective.pointer[i] = weight.value.hostPointer[i] * inverse }
    }

    /// activation(rows×ld) = dropout(ReLU(R̄ x̂ + b)); z = x̂ + activation. x̂, z: rows×ld.
    public func forward(
        _ x: UnsafePointer<Float>, rows: Int, ids: UnsafePointer<Int32>, dropout: (stream: RandomStream, keep: Float)?,
        activation: UnsafeMutablePointer<Float>, z: UnsafeMutablePointer<Float>, team: ThreadTeam
    ) {
        nonisolated(unsafe) let (x, ids, activation, z) = (x, ids, activation, z)
        team.forRanges(rows, grain: 32) { [self] range in
            let at = range.lowerBound * ld, count = range.count * ld
            Gemm.timesTransposed(
                m: range.count, n: dims, k: dims, x + at, lda: ld, effective.pointer, ldb: ld, into: activation + at, ldc: ld)
            dx_add_bias(activation + at, range.count, dims, ld, bias.value.hostPointer)
            dx_relu_dropout(
                activation + at, range.count, dims, ld, 0, ids + range.lowerBound,
                (dropout?.stream ?? RandomStream(key0: 0, key1: 0, purpose: 0, step: 0)).hostStream,
                dropout?.keep ?? 1)
            dx_sum(z + at, x + at, activation + at, count)
        }
    }

    /// The first half of the backward pass, given ∂z (rows×ld): ∂h, where asked ∂x̂ of the columns `columns` (rows×|columns|),
    /// and the rows `gradientRows` of ∂R̄.
    ///
    /// - Parameter dh: rows×ld, takes ∂ before the ReLU; `finishBackward` wants it again.
    public func beginBackward(
        _ dz: UnsafePointer<Float>, x: UnsafePointer<Float>, activation: UnsafePointer<Float>, rows: Int, keep: Float,
        dh: UnsafeMutablePointer<Float>, columns: Range<Int>, dx: UnsafeMutablePointer<Float>?, gradientRows: Range<Int>,
        team: ThreadTeam
    ) {
        dh.update(from: dz, count: rows * ld)
        dx_relu_dropout_backward(dh, activation, rows * ld, keep)
        if let dx { inputGradient(dz, dh, rows: rows, columns: columns, dx: dx, team: team) }
        nonisolated(unsafe) let (x, dh) = (x, UnsafePointer(dh))
        team.forRanges(gradientRows.count, grain: 64) { [self] range in
            let first = gradientRows.lowerBound + range.lowerBound
            Gemm.transposedTimes(
                m: range.count, n: dims, k: rows, dh + first, lda: ld, x, ldb: ld, into: gradient.row(first), ldc: ld)
        }
    }

    /// The second half, once `gradient` (∂R̄) is whole: Adam on R and b.
    ///
    /// R̄ depends on R also through σ = uᵀRv: ∂R = (∂R̄ − ⟨∂R̄, R̄⟩ u vᵀ)/σ.
    public func finishBackward(dh: UnsafePointer<Float>, rows: Int, _ adam: OptimiserStep) {
        throughSpectralNorm()
        weight.update(0..<dims * ld, gradient: gradient.pointer, adam)
        let sums = Buffer<Float>(count: ld)
        dx_column_sums(dh, rows, dims, ld, sums.pointer)
        bias.update(0..<ld, gradient: sums.pointer, adam)
    }

    /// Both halves of the backward pass on one rank. `scratch`: rows×ld.
    public func backward(
        _ dz: UnsafePointer<Float>, x: UnsafePointer<Float>, activation: UnsafePointer<Float>, rows: Int, keep: Float,
        scratch: UnsafeMutablePointer<Float>, columns: Range<Int>, dx: UnsafeMutablePointer<Float>?, _ adam: OptimiserStep,
        team: ThreadTeam
    ) {
        beginBackward(
            dz, x: x, activation: activation, rows: rows, keep: keep, dh: scratch, columns: columns, dx: dx,
            gradientRows: 0..<dims, team: team)
        finishBackward(dh: scratch, rows: rows, adam)
    }

    /// ∂x̂ = ∂z + ∂h R̄, the columns `columns` of it.
    private func inputGradient(
        _ dz: UnsafePointer<Float>, _ dh: UnsafePointer<Float>, rows: Int, columns: Range<Int>,
        dx: UnsafeMutablePointer<Float>, team: ThreadTeam
    ) {
        nonisolated(unsafe) let (dz, dh, dx) = (dz, dh, dx)
        team.forRanges(rows, grain: 32) { [self] range in
            for r in range {
                (dx + r * columns.count).update(from: dz + r * ld + columns.lowerBound, count: columns.count)
            }
            Gemm.times(
                m: range.count, n: columns.count, k: dims, dh + range.lowerBound * ld, lda: ld,
                effective.pointer + columns.lowerBound, ldb: ld, into: dx + range.lowerBound * columns.count,
                ldc: columns.count, accumulate: true)
        }
    }

    private func throughSpectralNorm() {
        let inner = dx_dot(gradient.pointer, effective.pointer, dims * ld), inverse = 1 / sigma[0]
        for i in 0..<dims {
            let row = gradient.row(i), scale = inner * norm.u[i]
            for j in 0..<dims { row[j] = (row[j] - scale * norm.v[j]) * inverse }
        }
    }
}
