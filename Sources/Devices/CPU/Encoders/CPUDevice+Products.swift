import Kernels
import Support

extension CPUDevice {
    public func multiply(_ a: Tensor, _ b: Tensor, into c: Tensor, accumulate: Bool) {
        precondition(a.cols == b.rows && a.rows == c.rows && b.cols == c.cols)
        Gemm.times(
            m: a.rows, n: b.cols, k: a.cols, a.pointer, lda: a.stride, b.pointer, ldb: b.stride, into: c.pointer,
            ldc: c.stride, accumulate: accumulate)
    }

    public func multiply(_ a: Tensor, transposed b: Tensor, into c: Tensor) {
        precondition(a.cols == b.cols && a.rows == c.rows && b.rows == c.cols)
        Gemm.timesTransposed(
            m: a.rows, n: b.rows, k: a.cols, a.pointer, lda: a.stride, b.pointer, ldb: b.stride, into: c.pointer,
            ldc: c.stride)
    }

    public func multiply(transposed a: Tensor, _ b: Tensor, into c: Tensor) {
        precondition(a.rows == b.rows && a.cols == c.rows && b.cols == c.cols)
        Gemm.transposedTimes(
            m: a.cols, n: b.cols, k: a.rows, a.pointer, lda: a.stride, b.pointer, ldb: b.stride, into: c.pointer,
            ldc: c.stride)
    }

    public func preparedMatrix(inner: Int, cols: Int) -> PreparedMatrix { PackedMatrix(inner: inner, cols: cols) }

    public func prepare(_ operand: PreparedMatrix, from matrix: Tensor, transposed: Bool) {
        precondition(matrix.rows == (transposed ? operand.cols : operand.inner))
        precondition(matrix.cols == (transposed ? operand.inner : operand.cols))
        dx_gemm_pack(
            operand.cols, operand.inner, matrix.pointer, transposed ? 1 : matrix.stride, transposed ? matrix.stride : 1,
            operand.packed)
    }

    public func multiply(_ a: Tensor, _ operand: PreparedMatrix, into c: Tensor, accumulate: Bool) {
        precondition(a.cols == operand.inner && c.cols == operand.cols && a.rows == c.rows)
        operand.multiply(rows: a.rows, a.pointer, lda: a.stride, into: c.pointer, ldc: c.stride, accumulate: accumulate)
    }
}

/// Laid out for `dx_gemm_packed`.
private final class PackedMatrix: PreparedMatrix, @unchecked Sendable {
    let buffer: Buffer<Float>

    override init(inner: Int, cols: Int) {
        buffer = Buffer(count: dx_gemm_packed_size(cols, inner))
        super.init(inner: inner, cols: cols)
    }
}

extension PreparedMatrix {
    fileprivate var packed: UnsafeMutablePointer<Float> {
        assert(self is PackedMatrix, "a matrix of another device")
        return unsafeDowncast(self, to: PackedMatrix.self).buffer.pointer
    }

    /// c(rows×cols) = a(rows×inner) · operand, added to what c holds where `accumulate`.
    func multiply(
        rows: Int, _ a: UnsafePointer<Float>, lda: Int, into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool
    ) {
        if rows == 0 { return }
        let bytes = dx_gemm_left_workspace(rows, inner) * MemoryLayout<Float>.stride
        withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 64) { workspace in
            dx_gemm_packed(
                rows, cols, inner, a, lda, 1, packed, c, ldc, accumulate ? 1 : 0,
                workspace.baseAddress!.assumingMemoryBound(to: Float.self))
        }
    }
}
