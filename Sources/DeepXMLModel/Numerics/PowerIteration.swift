import Kernels

/// The largest singular value σ of a rows×cols matrix R by power iteration (Miyato et al., ICLR 2018), as torch's
/// `spectral_norm`: one iteration a training step, u (rows) and v (cols) kept with the model.
///
/// By kernels of our own: each rank of a group does this for itself, and all must get the same bits, whatever their processors.
enum PowerIteration {
    /// A matrix with the distance `ld` between its rows.
    typealias Matrix = (first: UnsafePointer<Float>, rows: Int, cols: Int, ld: Int)

    /// v = Rᵀu/‖Rᵀu‖, then u = Rv/‖Rv‖.
    ///
    /// - Returns: `sigma` of the new u and v.
    static func iterate(_ matrix: Matrix, u: UnsafeMutablePointer<Float>, v: UnsafeMutablePointer<Float>) -> Float {
        dx_transposed_times_vector(matrix.first, matrix.rows, matrix.cols, matrix.ld, u, v)
        normalise(v, count: matrix.cols)
        return withProduct(matrix, v) { product in
            u.update(from: product, count: matrix.rows)
            normalise(u, count: matrix.rows)
            return dx_dot(u, product, matrix.rows)
        }
    }

    /// uᵀ R v.
    static func sigma(_ matrix: Matrix, u: UnsafePointer<Float>, v: UnsafePointer<Float>) -> Float {
        withProduct(matrix, v) { dx_dot(u, $0, matrix.rows) }
    }

    /// Calls `body` with R v.
    private static func withProduct(
        _ matrix: Matrix, _ v: UnsafePointer<Float>, _ body: (UnsafePointer<Float>) -> Float
    ) -> Float {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: matrix.rows) { product in
            dx_times_vector(matrix.first, matrix.rows, matrix.cols, matrix.ld, v, product.baseAddress)
            return body(UnsafePointer(product.baseAddress!))
        }
    }

    static func normalise(_ x: UnsafeMutablePointer<Float>, count: Int) {
        let scale = 1 / max(dx_dot(x, x, count).squareRoot(), 1e-12)
        for i in 0..<count { x[i] *= scale }
    }
}
