import Buffers
import COpenBLAS

/// Matrix products through OpenBLAS, each on the calling thread: threads of a rank run different tiles.
///
/// OpenBLAS sums over the inner dimension in one order, whatever the outer sizes: a product that is cut along its rows
/// or columns gives the same bits (checked by GemmTests on the machine at hand). The layout over ranks and threads only
/// ever cuts along outer dimensions, or at the leaves of a fixed summation tree.
public enum Gemm {
    /// Call once before the first product: no threads inside OpenBLAS.
    public static func useCallingThreadOnly() { openblas_set_num_threads(1) }

    /// c(m×n) = a(m×k) · b(n×k)ᵀ + beta·c
    public static func timesTransposed(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
        into c: UnsafeMutablePointer<Float>, ldc: Int, beta: Float = 0
    ) {
        if m == 0 || n == 0 { return }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), beta, c,
            Int32(ldc))
    }

    /// c(m×n) = a(m×k) · b(k×n) + beta·c
    public static func times(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
        into c: UnsafeMutablePointer<Float>, ldc: Int, beta: Float = 0
    ) {
        if m == 0 || n == 0 { return }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), beta,
            c, Int32(ldc))
    }

    /// c(m×n) = a(k×m)ᵀ · b(k×n)
    public static func transposedTimes(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
        into c: UnsafeMutablePointer<Float>, ldc: Int
    ) {
        if m == 0 || n == 0 { return }
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), 0, c,
            Int32(ldc))
    }
}
