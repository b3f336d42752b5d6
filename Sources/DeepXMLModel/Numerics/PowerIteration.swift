import Buffers
import Kernels

/// The largest singular value σ of a rows×cols matrix R by power iteration (Miyato et al., ICLR 2018), as torch's
/// `spectral_norm`: one iteration a training step, u (rows) and v (cols) kept with the model.
///
/// By kernels of our own: each rank of a group does this for itself, and all must get the same bits, whatever their processors.
enum PowerIteration {
    /// A matrix with the distance `ld` between its rows.
    typealias Matrix = (first: UnsafePointer<Float>, rows: Int, cols: Int, ld: Int)

    /// v = Rᵀu/‖Rᵀu‖, then u = Rv/‖Rv‖.
    static func iterate(_ matrix: Matrix, u: UnsafeMutablePointer<Float>, v: UnsafeMutablePointer<Float>) {
        dx_transposed_times_vector(matrix.first, matrix.rows, matrix.cols, matrix.ld, u, v)
        normalise(v, count: matrix.cols)
        dx_times_vector(matrix.first, matrix.rows, matrix.cols, matrix.ld, v, u)
        normalise(u, count: matrix.rows)
    }

    /// uᵀ R v.
    static func sigma(_ matrix: Matrix, u: UnsafePointer<Float>, v: UnsafePointer<Float>) -> Float {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: matrix.rows) { product in
            dx_times_vector(matrix.first, matrix.rows, matrix.cols, matrix.ld, v, product.baseAddress)
            return dx_dot(u, product.baseAddress, matrix.rows)
        }
    }

    static func normalise(_ x: UnsafeMutablePointer<Float>, count: Int) {
        let scale = 1 / max(dx_dot(x, x, count).squareRoot(), 1e-12)
        for i in 0..<count { x[i] *= scale }
    }
}
