import Devices

/// σ(R) of the residual block's D×D matrix, with the vectors u and v of its power iteration (Miyato et al., ICLR 2018), as
/// torch's `spectral_norm`: one iteration a training step, u and v kept with the model.
public final class SpectralNorm: Sendable {
    /// 1×D each.
    public let u: Tensor, v: Tensor
    /// σ of the last call, 1×1.
    public let sigma: Tensor
    private let dims: Int
    private let device: any Device

    public init(dims: Int, _ streams: RandomStreams, on device: any Device) {
        (self.dims, self.device) = (dims, device)
        (u, v, sigma) = (device.tensor(rows: 1, cols: dims), device.tensor(rows: 1, cols: dims), device.tensor(rows: 1, cols: 1))
        let stream = streams.stream(.spectralInit, step: 0)
        for (row, vector) in [u, v].enumerated() {
            device.fillUniform(vector, stream, firstRow: row, firstColumn: 0, bound: 1)
            device.normalise(vector)
        }
    }

    /// σ = uᵀ R v, where `iterates` of the new v = Rᵀu/‖Rᵀu‖ and u = Rv/‖Rv‖.
    ///
    /// - Parameter weight: D×(at least D); columns behind D are padding.
    public func update(_ weight: Tensor, iterates: Bool) {
        device.spectralNorm(weight.columns(0..<dims), u: u, v: v, iterates: iterates, into: sigma)
    }
}
