import Kernels
import Support

/// The right operand of many products, laid out for them once; the same bits as `Gemm`'s.
final class PackedMatrix: Sendable {
    /// Rows (the products' inner size) and columns of the operand.
    let inner: Int, cols: Int
    private let packed: Buffer<Float>

    init(inner: Int, cols: Int) {
        self.inner = inner
        self.cols = cols
        packed = Buffer(count: dx_gemm_packed_size(cols, inner))
    }

    /// The operand is `matrix`: inner×cols, or where `transposed` cols×inner; without padding between rows.
    func pack(_ matrix: UnsafePointer<Float>, transposed: Bool) {
        dx_gemm_pack(cols, inner, matrix, transposed ? 1 : cols, transposed ? inner : 1, packed.pointer)
    }

    /// c(rows×cols) = a(rows×inner) · operand, added to what c holds where `accumulate`.
    func multiply(
        rows: Int, _ a: UnsafePointer<Float>, lda: Int, into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool = false
    ) {
        if rows == 0 { return }
        let bytes = dx_gemm_left_workspace(rows, inner) * MemoryLayout<Float>.stride
        withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { workspace in
            dx_gemm_packed(
                rows, cols, inner, a, lda, 1, packed.pointer, c, ldc, accumulate ? 1 : 0,
                workspace.baseAddress!.assumingMemoryBound(to: Float.self))
        }
    }
}
