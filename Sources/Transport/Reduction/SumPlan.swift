/// Sums vectors that stand for nodes of a tree, in the tree's order: a node is its left child plus its right child, or
/// the only one of them that is there. So the result has the same bits however the leaves were cut into nodes.
struct SumPlan {
    private enum Step {
        case take(Int)
        case add
    }
    /// Postfix: `take` puts a source on the stack, `add` replaces the top two by their sum.
    private var steps: [Step] = []
    private var depth = 0
    /// Elements summed in one go; the stack of partial sums of this length stays in the L1 and L2 caches.
    private static let tile = 2048

    /// - Parameter sources: nodes that do not overlap, in any order; `sum` gets its vectors in the same order.
    init(sources: [TreeNode], leaves: Int) {
        let sorted = sources.enumerated().sorted { $0.element.leaves.lowerBound < $1.element.leaves.lowerBound }
        for (a, b) in zip(sorted, sorted.dropFirst()) {
            precondition(a.element.leaves.upperBound <= b.element.leaves.lowerBound, "two ranks own the same leaf")
        }
        visit(TreeNode(level: leaves.trailingZeroBitCount, index: 0), sorted[...])
        var height = 0
        for step in steps {
            if case .take = step { height += 1 } else { height -= 1 }
            depth = max(depth, height)
        }
    }

    private mutating func visit(_ node: TreeNode, _ sources: ArraySlice<(offset: Int, element: TreeNode)>) {
        guard let first = sources.first else { return }
        if first.element == node { return steps.append(.take(first.offset)) }
        let middle = sources.firstIndex { $0.element.leaves.lowerBound >= node.right.leaves.lowerBound } ?? sources.endIndex
        let left = sources[..<middle]
        let right = sources[middle...]
        visit(node.left, left)
        visit(node.right, right)
        if !left.isEmpty && !right.isEmpty { steps.append(.add) }
    }

    /// Writes the sum of the vectors, `count` elements each, to `result`, which may be none of them; zeros for no vector.
    func sum(_ vectors: [UnsafePointer<Float>], count: Int, into result: UnsafeMutablePointer<Float>) {
        if steps.isEmpty { return result.update(repeating: 0, count: count) }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: depth * Self.tile) { scratch in
            guard let scratch = scratch.baseAddress else { preconditionFailure("a plan with steps has a stack") }
            var stack: [UnsafePointer<Float>] = []
            stack.reserveCapacity(depth)
            for start in stride(from: 0, to: count, by: Self.tile) {
                let length = min(Self.tile, count - start)
                for step in steps {
                    switch step {
                    case .take(let source): stack.append(vectors[source] + start)
                    case .add:
                        let right = stack.removeLast()
                        let left = stack.removeLast()
                        let place = scratch + stack.count * Self.tile
                        addVectors(left, right, into: place, count: length)
                        stack.append(UnsafePointer(place))
                    }
                }
                (result + start).update(from: stack.removeLast(), count: length)
            }
        }
    }
}

/// result = a + b, where `result` may be `a` or `b`.
///
/// Explicit vectors, as the compiler's own would test for overlap and fall back to single elements where result is a.
func addVectors(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>, count: Int
) {
    let a = UnsafeRawPointer(a)
    let b = UnsafeRawPointer(b)
    let result = UnsafeMutableRawPointer(result)
    let whole = count / 16 * 16
    var i = 0
    while i < whole {
        let at = i * 4
        let sum =
            a.loadUnaligned(fromByteOffset: at, as: SIMD16<Float>.self)
            + b.loadUnaligned(fromByteOffset: at, as: SIMD16<Float>.self)
        result.storeBytes(of: sum, toByteOffset: at, as: SIMD16<Float>.self)
        i += 16
    }
    for i in whole..<count {
        let sum = a.load(fromByteOffset: i * 4, as: Float.self) + b.load(fromByteOffset: i * 4, as: Float.self)
        result.storeBytes(of: sum, toByteOffset: i * 4, as: Float.self)
    }
}
