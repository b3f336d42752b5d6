/// Batch normalisation and spectral normalisation.
public protocol NormOperations {
    /// The mean of each column, and the sum of squares around it (1×cols both). At least one row.
    func columnMoments(_ x: Tensor, mean: Tensor, squares: Tensor)

    /// inverse = 1 / √(squares / count + eps), element by element.
    func inverseDeviation(squares: Tensor, count: Int, eps: Float, into inverse: Tensor)

    /// standard = (x − mean) · inverse, y = weight · standard + bias, column by column (Ioffe & Szegedy 2015). x, standard and y
    /// have one stride; the rest are 1×cols.
    func batchNorm(
        _ x: Tensor, mean: Tensor, inverse: Tensor, weight: Tensor, bias: Tensor, standard: Tensor, into y: Tensor)

    /// In place, the gradient of x from that of y: inverse · weight · (g − (gradientSums + standard · gradientProducts)/rows).
    ///
    /// - Parameters:
    ///   - gradientSums: the sum of each column of g.
    ///   - gradientProducts: the sum of each column of g · standard.
    func batchNormBackward(
        _ g: Tensor, standard: Tensor, weight: Tensor, inverse: Tensor, gradientSums: Tensor, gradientProducts: Tensor)

    /// Running statistics move by `momentum` towards those of a step: sums / count, and the unbiased squares / (count − blocks).
    /// A count of 0 moves nothing.
    ///
    /// - Parameters:
    ///   - sums, squares: of the step's vectors, 1×cols.
    ///   - count: 1×1, the number of vectors.
    ///   - blocks: around the means of how many blocks the squares were taken.
    func moveRunningStatistics(
        mean: Tensor, variance: Tensor, sums: Tensor, squares: Tensor, count: Tensor, blocks: Int, momentum: Float)

    /// Σ x² of each of some vectors (1×n), in double precision; waits for the operations before.
    func squareSums(_ vectors: [Tensor]) -> [Double]

    /// x /= max(‖x‖, 1e-12), x being 1×n.
    func normalise(_ x: Tensor)

    /// sigma (1×1) = uᵀ R v, the largest singular value of R by power iteration (Miyato et al., ICLR 2018).
    ///
    /// - Parameters:
    ///   - u, v: 1×rows and 1×cols.
    ///   - iterates: first v = Rᵀu/‖Rᵀu‖, then u = Rv/‖Rv‖.
    func spectralNorm(_ matrix: Tensor, u: Tensor, v: Tensor, iterates: Bool, into sigma: Tensor)

    /// y = x / sigma. Both without padding between rows.
    func divide(_ x: Tensor, by sigma: Tensor, into y: Tensor)

    /// The gradient of R from that of R̄ = R/σ(R): (g − ⟨g, R̄⟩ u vᵀ)/σ, as σ = uᵀRv depends on R too.
    ///
    /// - Parameters:
    ///   - g, normalised: rows×(at least v's columns), without padding; columns behind v's are zero.
    ///   - rows: those that are wanted.
    ///   - out: as g, which it may be; its rows `rows` are set.
    func spectralNormBackward(
        _ g: Tensor, normalised: Tensor, sigma: Tensor, u: Tensor, v: Tensor, rows: Range<Int>, into out: Tensor)
}

extension NormOperations {
    /// All of it, in place.
    public func spectralNormBackward(_ g: Tensor, normalised: Tensor, sigma: Tensor, u: Tensor, v: Tensor) {
        spectralNormBackward(g, normalised: normalised, sigma: sigma, u: u, v: v, rows: 0..<g.rows, into: g)
    }
}
