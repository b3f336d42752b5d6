import Support

/// Pooling by the host's processor for a device that has none of its own: tensors are brought there and back, so that the bits are those of
/// `CPUDevice`, the time is not. A device's own operations hide these.
public struct PoolingOnHost: PoolingOperations {
    private let device: any Device

    public init(for device: any Device) { self.device = device }

    public func attentionPool(
        _ x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into y: Tensor
    ) {
        run([x, query], into: [shares, y]) { host, from, to in
            host.attentionPool(from[0], starts: starts, query: from[1], heads: heads, shares: to[0], into: to[1])
        }
    }

    public func attentionPoolBackward(
        _ g: Tensor, x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into dx: Tensor, dQuery: Tensor
    ) {
        run([g, x, query, shares], into: [dx, dQuery]) { host, from, to in
            host.attentionPoolBackward(
                from[0], x: from[1], starts: starts, query: from[2], heads: heads, shares: from[3], into: to[0], dQuery: to[1])
        }
    }

    public func columnMax(_ x: Tensor, starts: [Int64], into y: Tensor, places: Tensor) {
        run([x], into: [y, places]) { host, from, to in host.columnMax(from[0], starts: starts, into: to[0], places: to[1]) }
    }

    public func columnMaxBackward(_ g: Tensor, starts: [Int64], places: Tensor, into dx: Tensor) {
        run([g, places], into: [dx]) { host, from, to in
            host.columnMaxBackward(from[0], starts: starts, places: from[1], into: to[0])
        }
    }

    public func turn(_ x: Tensor, starts: [Int64], into y: Tensor) {
        run([x], into: [y]) { host, from, to in host.turn(from[0], starts: starts, into: to[0]) }
    }

    public func turnBackward(_ g: Tensor, starts: [Int64], into dx: Tensor) {
        run([g], into: [dx]) { host, from, to in host.turnBackward(from[0], starts: starts, into: to[0]) }
    }

    /// - Parameter results: hold what they held where the operation leaves them alone.
    private func run(_ inputs: [Tensor], into results: [Tensor], _ body: (CPUDevice, [Tensor], [Tensor]) -> Void) {
        let host = CPUDevice(team: device.team), made = results.map { host.tensor(device.matrix($0)) }
        body(host, inputs.map { host.tensor(device.matrix($0)) }, made)
        for (own, result) in zip(made, results) { device.upload(host.download(own), to: result) }
    }
}

extension Device {
    public func attentionPool(
        _ x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into y: Tensor
    ) {
        PoolingOnHost(for: self).attentionPool(x, starts: starts, query: query, heads: heads, shares: shares, into: y)
    }

    public func attentionPoolBackward(
        _ g: Tensor, x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into dx: Tensor, dQuery: Tensor
    ) {
        PoolingOnHost(for: self).attentionPoolBackward(
            g, x: x, starts: starts, query: query, heads: heads, shares: shares, into: dx, dQuery: dQuery)
    }

    public func columnMax(_ x: Tensor, starts: [Int64], into y: Tensor, places: Tensor) {
        PoolingOnHost(for: self).columnMax(x, starts: starts, into: y, places: places)
    }

    public func columnMaxBackward(_ g: Tensor, starts: [Int64], places: Tensor, into dx: Tensor) {
        PoolingOnHost(for: self).columnMaxBackward(g, starts: starts, places: places, into: dx)
    }

    public func turn(_ x: Tensor, starts: [Int64], into y: Tensor) {
        PoolingOnHost(for: self).turn(x, starts: starts, into: y)
    }

    public func turnBackward(_ g: Tensor, starts: [Int64], into dx: Tensor) {
        PoolingOnHost(for: self).turnBackward(g, starts: starts, into: dx)
    }
}
