import Buffers
import COpenBLAS

/// σ(R), the largest singular value of a D×D matrix, by power iteration (Miyato et al., ICLR 2018), as torch's
/// `spectral_norm`: one iteration a training step, u and v kept with the model.
public final class SpectralNorm: Sendable {
    public let u: Buffer<Float>
    public let v: Buffer<Float>
    private let dims: Int, ld: Int

    public init(dims: Int, ld: Int, _ streams: RandomStreams) {
        self.dims = dims
        self.ld = ld
        u = Buffer(count: dims)
        v = Buffer(count: dims)
        streams.fillUniform(u.pointer, count: dims, row: 0, firstColumn: 0, bound: 1, purpose: .spectralInit)
        streams.fillUniform(v.pointer, count: dims, row: 1, firstColumn: 0, bound: 1, purpose: .spectralInit)
        normalise(u)
        normalise(v)
    }

    /// v = Rᵀu/‖Rᵀu‖, then u = Rv/‖Rv‖.
    public func iterate(_ weight: DenseMatrix) {
        multiply(weight, u, into: v, transposed: true)
        normalise(v)
        multiply(weight, v, into: u, transposed: false)
        normalise(u)
    }

    /// uᵀ R v.
    public func sigma(_ weight: DenseMatrix) -> Float {
        let product = Buffer<Float>(count: dims)
        multiply(weight, v, into: product, transposed: false)
        return cblas_sdot(Int32(dims), u.pointer, 1, product.pointer, 1)
    }

    private func multiply(_ weight: DenseMatrix, _ x: Buffer<Float>, into y: Buffer<Float>, transposed: Bool) {
        cblas_sgemv(
            CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, Int32(dims), Int32(dims), 1, weight.pointer, Int32(ld),
            x.pointer, 1, 0, y.pointer, 1)
    }

    private func normalise(_ x: Buffer<Float>) {
        let norm = cblas_snrm2(Int32(dims), x.pointer, 1)
        cblas_sscal(Int32(dims), 1 / max(norm, 1e-12), x.pointer, 1)
    }
}
