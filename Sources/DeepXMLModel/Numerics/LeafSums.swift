import Kernels
import Support

/// Sums one buffer a leaf over an aligned run of leaves, in the order of a fixed binary tree.
///
/// Floating-point sums depend on their order. Here the order hangs on the leaves' numbers alone, so that it is the
/// same however leaves are dealt to ranks and threads (DESIGN.md §2, virtual shards).
public final class LeafSums: Sendable {
    /// Computes a leaf's buffer, overwriting it.
    public typealias Leaf = @Sendable (_ leaf: Int, _ out: UnsafeMutablePointer<Float>) -> Void
    private let pool: BufferPool

    /// - Parameter length: floats a leaf.
    public init(length: Int) { pool = BufferPool(length: length) }

    /// The sum over `leaves` (a power of two of them, aligned to their number), the parts of it spread over `team`.
    public func sum(_ leaves: Range<Int>, into out: Buffer<Float>, team: ThreadTeam, leaf: @escaping Leaf) {
        var parts = 1
        while parts < leaves.count && parts < 4 * team.size && team.size > 1 { parts *= 2 }
        if parts == 1 { return sum(leaves, into: out, leaf: leaf) }
        let buffers = [out] + (1..<parts).map { _ in pool.take() }
        let size = leaves.count / parts
        team.forEach(parts) { [self] part in
            let from = leaves.lowerBound + part * size
            sum(from..<from + size, into: buffers[part], leaf: leaf)
        }
        var stride = 1
        while stride < parts {
            for left in Swift.stride(from: 0, to: parts, by: 2 * stride) {
                dx_add(buffers[left].pointer, buffers[left + stride].pointer, pool.length)
            }
            stride *= 2
        }
        for buffer in buffers.dropFirst() { pool.give(buffer) }
    }

    private func sum(_ leaves: Range<Int>, into out: Buffer<Float>, leaf: Leaf) {
        if leaves.count == 1 { return leaf(leaves.lowerBound, out.pointer) }
        let middle = leaves.lowerBound + leaves.count / 2
        sum(leaves.lowerBound..<middle, into: out, leaf: leaf)
        pool.with { right in
            sum(middle..<leaves.upperBound, into: right, leaf: leaf)
            dx_add(out.pointer, right.pointer, pool.length)
        }
    }
}
