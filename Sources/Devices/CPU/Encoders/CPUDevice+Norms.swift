import Kernels

extension CPUDevice {
    public func columnMoments(_ x: Tensor, mean: Tensor, squares: Tensor) {
        precondition(x.rows > 0 && mean.cols == x.cols && squares.cols == x.cols)
        dx_column_moments(x.pointer, x.rows, x.cols, x.stride, mean.pointer, squares.pointer)
    }

    public func inverseDeviation(squares: Tensor, count: Int, eps: Float, into inverse: Tensor) {
        let squares = squares.pointer, out = inverse.pointer
        for c in 0..<inverse.cols { out[c] = 1 / (squares[c] / Float(count) + eps).squareRoot() }
    }

    public func batchNorm(
        _ x: Tensor, mean: Tensor, inverse: Tensor, weight: Tensor, bias: Tensor, standard: Tensor, into y: Tensor
    ) {
        x.expectLayout(of: standard)
        x.expectLayout(of: y)
        dx_standardise(x.pointer, x.rows, x.cols, x.stride, mean.pointer, inverse.pointer, standard.pointer)
        dx_scale_shift(standard.pointer, x.rows, x.cols, x.stride, weight.pointer, bias.pointer, y.pointer)
    }

    public func batchNormBackward(
        _ g: Tensor, standard: Tensor, weight: Tensor, inverse: Tensor, gradientSums: Tensor, gradientProducts: Tensor
    ) {
        g.expectLayout(of: standard)
        dx_batch_norm_backward(
            g.pointer, standard.pointer, g.rows, g.cols, g.stride, weight.pointer, inverse.pointer, gradientSums.pointer,
            gradientProducts.pointer)
    }

    public func moveRunningStatistics(
        mean: Tensor, variance: Tensor, sums: Tensor, squares: Tensor, count: Tensor, blocks: Int, momentum: Float
    ) {
        let count = count.pointer[0], freedom = count - Float(blocks)
        guard count > 0 else { return }
        let (mean, variance, sums, squares, dims) = (mean.pointer, variance.pointer, sums.pointer, squares.pointer, mean.cols)
        for c in 0..<dims {
            mean[c] += momentum * (sums[c] / count - mean[c])
            if freedom > 0 { variance[c] += momentum * (squares[c] / freedom - variance[c]) }
        }
    }

    public func squareSums(_ vectors: [Tensor]) -> [Double] {
        vectors.map { x in
            precondition(x.rows == 1)
            return dx_squares(x.pointer, x.cols)
        }
    }

    public func normalise(_ x: Tensor) { Self.normalise(x.pointer, count: x.cols) }

    private static func normalise(_ x: UnsafeMutablePointer<Float>, count: Int) {
        let scale = 1 / max(dx_dot(x, x, count).squareRoot(), 1e-12)
        for i in 0..<count { x[i] *= scale }
    }

    /// By kernels of our own: each rank of a group does this for itself, and all must get the same bits, whatever their
    /// processors.
    public func spectralNorm(_ matrix: Tensor, u: Tensor, v: Tensor, iterates: Bool, into sigma: Tensor) {
        let (rows, cols, ld, R, u, v) = (matrix.rows, matrix.cols, matrix.stride, matrix.pointer, u.pointer, v.pointer)
        if iterates {
            dx_transposed_times_vector(R, rows, cols, ld, u, v)
            Self.normalise(v, count: cols)
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rows) { product in
            let product = product.baseAddress!
            dx_times_vector(R, rows, cols, ld, v, product)
            if iterates {
                u.update(from: product, count: rows)
                Self.normalise(u, count: rows)
            }
            sigma.pointer[0] = dx_dot(u, product, rows)
        }
    }

    public func divide(_ x: Tensor, by sigma: Tensor, into y: Tensor) {
        precondition(x.isContiguous && y.isContiguous)
        x.expectShape(of: y)
        let inverse = 1 / sigma.pointer[0], from = x.pointer, to = y.pointer
        for i in 0..<x.rows * x.cols { to[i] = from[i] * inverse }
    }

    public func spectralNormBackward(
        _ g: Tensor, normalised: Tensor, sigma: Tensor, u: Tensor, v: Tensor, rows: Range<Int>, into out: Tensor
    ) {
        precondition(g.isContiguous && normalised.isContiguous && u.cols == g.rows && v.cols <= g.cols)
        g.expectShape(of: normalised)
        g.expectShape(of: out)
        let inner = dx_dot(g.pointer, normalised.pointer, g.rows * g.cols), inverse = 1 / sigma.pointer[0]
        let (u, dims, v) = (u.pointer, v.cols, v.pointer)
        for i in rows {
            let row = g.row(i), to = out.row(i), scale = inner * u[i]
            for j in 0..<dims { to[j] = (row[j] - scale * v[j]) * inverse }
        }
    }
}
