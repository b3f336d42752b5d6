import Support

/// σ(R) of the residual block's D×D matrix, with the vectors u and v of its power iteration.
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
        PowerIteration.normalise(u.pointer, count: dims)
        PowerIteration.normalise(v.pointer, count: dims)
    }

    /// v = Rᵀu/‖Rᵀu‖, then u = Rv/‖Rv‖.
    ///
    /// - Returns: `sigma` of the new u and v.
    @discardableResult public func iterate(_ weight: DenseMatrix) -> Float {
        PowerIteration.iterate(square(weight), u: u.pointer, v: v.pointer)
    }

    /// uᵀ R v.
    public func sigma(_ weight: DenseMatrix) -> Float { PowerIteration.sigma(square(weight), u: u.pointer, v: v.pointer) }

    private func square(_ weight: DenseMatrix) -> PowerIteration.Matrix { (UnsafePointer(weight.pointer), dims, dims, ld) }
}
