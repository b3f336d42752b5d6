import Foundation

/// Sums one tensor a leaf over an aligned run of leaves, in the order of a fixed binary tree.
///
/// Floating-point sums depend on their order. Here the order depends only on the leaves' numbers, so that it is the
/// same however leaves are dealt to ranks and threads (DESIGN.md §2, virtual shards).
public final class LeafSums: Sendable {
    /// Computes a leaf's tensor, overwriting it.
    public typealias Leaf = @Sendable (_ leaf: Int, _ out: Tensor) -> Void
    private let device: any Device
    private let pool: TensorPool

    /// - Parameters: rows, cols: of a leaf's sum, at most; sums of fewer columns have one row.
    public init(rows: Int, cols: Int, on device: any Device) {
        self.device = device
        pool = TensorPool(rows: rows, cols: cols, on: device)
    }

    /// The sum over `leaves` (a power of two of them, aligned to their number), parts of it side by side where the device
    /// can.
    ///
    /// - Parameter out: rows×cols, without padding; or 1×fewer.
    public func sum(_ leaves: Range<Int>, into out: Tensor, leaf: @escaping Leaf) {
        var parts = 1
        let lanes = device.lanes
        while parts < leaves.count && parts < 4 * lanes && lanes > 1 { parts *= 2 }
        if parts == 1 { return serial(leaves, into: out, leaf: leaf) }
        let sums = [out] + (1..<parts).map { _ in pool.take(cols: out.cols) }
        let size = leaves.count / parts
        device.concurrently(parts) { [self] part in
            let from = leaves.lowerBound + part * size
            serial(from..<from + size, into: sums[part], leaf: leaf)
        }
        var stride = 1
        while stride < parts {
            for left in Swift.stride(from: 0, to: parts, by: 2 * stride) {
                device.add(sums[left + stride], to: sums[left])
            }
            stride *= 2
        }
        for sum in sums.dropFirst() { pool.give(sum) }
    }

    private func serial(_ leaves: Range<Int>, into out: Tensor, leaf: Leaf) {
        if leaves.count == 1 { return leaf(leaves.lowerBound, out) }
        let middle = leaves.lowerBound + leaves.count / 2
        serial(leaves.lowerBound..<middle, into: out, leaf: leaf)
        let right = pool.take(cols: out.cols)
        serial(middle..<leaves.upperBound, into: right, leaf: leaf)
        device.add(right, to: out)
        pool.give(right)
    }
}

/// Tensors of one shape that are handed out and taken back, so that a step allocates nothing after the first.
final class TensorPool: @unchecked Sendable {
    private let rows: Int, cols: Int
    private let device: any Device
    private let lock = NSLock()
    private var free: [Tensor] = []

    init(rows: Int, cols: Int, on device: any Device) { (self.rows, self.cols, self.device) = (rows, cols, device) }

    /// A tensor with any content; its first columns where fewer are wanted.
    func take(cols wanted: Int) -> Tensor {
        let whole = lock.withLock { free.popLast() } ?? device.tensor(rows: rows, cols: cols)
        return wanted == cols ? whole : whole.columns(0..<wanted)
    }

    func give(_ tensor: Tensor) {
        let whole = Tensor(tensor.memory, offset: tensor.offset, rows: rows, cols: cols)
        lock.withLock { free.append(whole) }
    }
}
