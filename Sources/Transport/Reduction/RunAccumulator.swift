import Support

/// Merges the vectors of a run's leaves, computed one after the other, into one partial sum a canonical node.
///
/// Works like a binary counter: two siblings are added as soon as both are there, so at most log₂ V buffers more than
/// there are canonical nodes are in use. The buffers are kept for the next round.
public final class RunAccumulator {
    public let run: Range<Int>
    /// The canonical nodes of the run, from left to right: the order of the partial sums.
    public let nodes: [TreeNode]
    /// Elements of each buffer: the longest vector that a round may have.
    public let length: Int

    private var merged: [(node: TreeNode, sum: Buffer<Float>)] = []
    private var free: [Buffer<Float>] = []

    /// - Parameters:
    ///   - leaves: V, a power of two.
    ///   - length: the longest vector, in elements.
    public init(run: Range<Int>, leaves: Int, length: Int) {
        self.run = run
        self.length = length
        nodes = canonicalNodes(of: run, leaves: leaves)
    }

    /// Calls `compute(leaf, buffer)` for each leaf of the run, in order; it sets the buffer's first `count` elements, which
    /// hold anything before.
    ///
    /// - Returns: one buffer a canonical node, valid until the next round; their first `count` elements are the sums.
    public func accumulate(count: Int, _ compute: (Int, Buffer<Float>) throws -> Void) rethrows -> [Buffer<Float>] {
        precondition(count <= length)
        free += merged.map(\.sum)
        merged = []
        for leaf in run {
            let buffer = free.popLast() ?? Buffer(count: length)
            do { try compute(leaf, buffer) } catch {
                free.append(buffer)
                throw error
            }
            merge(TreeNode(level: 0, index: leaf), buffer, count)
        }
        return merged.map(\.sum)
    }

    private func merge(_ node: TreeNode, _ buffer: Buffer<Float>, _ count: Int) {
        var node = node
        var right = buffer
        while let last = merged.last, last.node.isLeftSibling(of: node) {
            addVectors(last.sum.pointer, right.pointer, into: last.sum.pointer, count: count)
            free.append(right)
            right = last.sum
            node = node.parent
            merged.removeLast()
        }
        merged.append((node, right))
    }
}
