/// A node of the binary tree over V leaves (V a power of two): at `level`, it spans 2^level neighbouring leaves.
public struct TreeNode: Hashable, Sendable {
    /// 0 for a leaf, log₂ V for the root.
    public var level: Int
    /// Number from the left among the nodes of its level.
    public var index: Int

    public init(level: Int, index: Int) {
        self.level = level
        self.index = index
    }

    public var leaves: Range<Int> { index << level..<(index + 1) << level }
    public var left: TreeNode { TreeNode(level: level - 1, index: 2 * index) }
    public var right: TreeNode { TreeNode(level: level - 1, index: 2 * index + 1) }
    public var parent: TreeNode { TreeNode(level: level + 1, index: index >> 1) }

    /// Whether `other` is the right child of the same parent.
    public func isLeftSibling(of other: TreeNode) -> Bool {
        level == other.level && index & 1 == 0 && other.index == index + 1
    }
}

/// The fewest nodes that span exactly the run, from left to right: at most 2·log₂ V of them, none for an empty run.
///
/// - Parameter leaves: V, a power of two; the run lies within 0..<V.
public func canonicalNodes(of run: Range<Int>, leaves: Int) -> [TreeNode] {
    precondition(leaves > 0 && leaves & (leaves - 1) == 0, "the number of leaves is a power of two")
    precondition(run.lowerBound >= 0 && run.upperBound <= leaves, "a run lies within the leaves")
    var nodes: [TreeNode] = []
    var start = run.lowerBound
    while start < run.upperBound {
        let aligned = start == 0 ? leaves.trailingZeroBitCount : start.trailingZeroBitCount
        let fitting = Int.bitWidth - 1 - (run.upperBound - start).leadingZeroBitCount
        let level = min(aligned, fitting)
        nodes.append(TreeNode(level: level, index: start >> level))
        start += 1 << level
    }
    return nodes
}
