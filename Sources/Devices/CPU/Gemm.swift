import Kernels

/// Matrix products on the calling thread: threads of a rank run different tiles.
///
/// Each entry is summed in one order, whatever the sizes: a product that is cut along its rows or columns gives the same
/// bits, so results don't depend on how rows and columns are dealt to threads and ranks, nor on the processor (AVX2 or
/// newer). OpenBLAS promises no such thing, and is no faster at the trainer's shapes: it is what `doctor` and the benchmarks
/// (docs/PERFORMANCE.md) measure these products by.
package enum Gemm {
    /// c(m×n) = a(m×k) · b(n×k)ᵀ
    package static func timesTransposed(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
        into c: UnsafeMutablePointer<Float>, ldc: Int
    ) {
        multiply(m, n, k, (a, lda, 1), (b, 1, ldb), c, ldc, accumulate: false)
    }

    /// c(m×n) = a(m×k) · b(k×n), added to what c holds where `accumulate`.
    package static func times(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
        into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool = false
    ) {
        multiply(m, n, k, (a, lda, 1), (b, ldb, 1), c, ldc, accumulate: accumulate)
    }

    /// c(m×n) = a(k×m)ᵀ · b(k×n)
    package static func transposedTimes(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
        into c: UnsafeMutablePointer<Float>, ldc: Int
    ) {
        multiply(m, n, k, (a, 1, lda), (b, ldb, 1), c, ldc, accumulate: false)
    }

    /// A matrix with the distance between neighbouring rows and columns.
    private typealias Strided = (first: UnsafePointer<Float>, row: Int, col: Int)

    private static func multiply(
        _ m: Int, _ n: Int, _ k: Int, _ a: Strided, _ b: Strided, _ c: UnsafeMutablePointer<Float>, _ ldc: Int, accumulate: Bool
    ) {
        if m == 0 || n == 0 { return }
        withUnsafeTemporaryAllocation(
            byteCount: dx_gemm_workspace(m, n, k) * MemoryLayout<Float>.stride, alignment: 64
        ) { workspace in
            dx_gemm(
                m, n, k, a.first, a.row, a.col, b.first, b.row, b.col, c, ldc, accumulate ? 1 : 0,
                workspace.baseAddress!.assumingMemoryBound(to: Float.self))
        }
    }
}
