import Support

/// Sums over V virtual leaves that lie on several ranks, with the same bits for any number of ranks and any cut.
///
/// Each rank owns a run of neighbouring leaves and brings one partial sum for each canonical node of it
/// (`RunAccumulator` makes them). Whoever owns a block of the result gets that block of all partial sums and adds them
/// in the order of one fixed binary tree (DESIGN.md §2). Leaves in no rank's run count as absent, not as zero.
///
/// One message goes between two ranks for each canonical node of the sender: a cut at multiples of large powers of two
/// (V/m where the number of ranks m is a power of two) needs one, another cut up to 2·log₂ V.
public final class TreeReduction {
    public let communicator: any Communicator
    /// V, a power of two.
    public let leaves: Int
    /// The leaves that each rank owns; empty for a rank that only receives.
    public let runs: [Range<Int>]
    /// The nodes whose partial sums this rank brings, in order.
    public let ownNodes: [TreeNode]

    /// Partial sums that each rank brings.
    public let nodeCounts: [Int]
    private let plan: SumPlan
    /// Blocks of the other ranks' partial sums, as they came.
    private var received = Buffer<Float>(count: 0)

    /// - Parameter runs: one a rank of the communicator, within 0..<leaves, without overlap; the same on all ranks.
    public init(over communicator: any Communicator, leaves: Int, runs: [Range<Int>]) {
        precondition(runs.count == communicator.size, "each rank has one run of leaves, maybe an empty one")
        self.communicator = communicator
        self.leaves = leaves
        self.runs = runs
        let nodes = runs.map { canonicalNodes(of: $0, leaves: leaves) }
        ownNodes = nodes[communicator.rank]
        nodeCounts = nodes.map(\.count)
        plan = SumPlan(sources: nodes.flatMap { $0 }, leaves: leaves)
    }

    /// Sums the partial sums of all ranks; each rank ends up with its block of the result.
    ///
    /// - Parameters:
    ///   - partials: one buffer for each of `ownNodes`, with at least the elements that `blocks` name; only read.
    ///   - blocks: the elements that each rank ends up with; they may overlap, or be empty.
    ///   - result: room for `blocks[rank].count` elements, outside the partials.
    /// - Throws: `Failure` where a rank or the network fails.
    public func reduceScatter(
        partials: [Buffer<Float>], blocks: [Range<Int>], into result: UnsafeMutablePointer<Float>
    ) throws {
        let rank = communicator.rank
        precondition(partials.count == ownNodes.count, "one partial sum for each canonical node of the run")
        precondition(blocks.count == communicator.size)
        let mine = blocks[rank]
        let sources = place(partials, block: mine)
        var receive: [Message] = []
        for (peer, places) in sources.enumerated() where peer != rank && !mine.isEmpty {
            for place in places {
                receive.append(Message(peer: peer, bytes: .init(start: place, count: mine.count * 4)))
            }
        }
        var send: [Message] = []
        for peer in communicator.others where !blocks[peer].isEmpty {
            for partial in partials { send.append(Message(peer: peer, bytes: partial.bytes(of: blocks[peer]))) }
        }
        try communicator.exchange(send: send, receive: receive)
        plan.sum(sources.joined().map { UnsafePointer($0) }, count: mine.count, into: result)
    }

    /// The same into a buffer of the block's length.
    public func reduceScatter(partials: [Buffer<Float>], blocks: [Range<Int>], into result: Buffer<Float>) throws {
        precondition(result.count == blocks[communicator.rank].count)
        try reduceScatter(partials: partials, blocks: blocks, into: result.pointer)
    }

    /// Sums the partial sums of all ranks: `result` becomes the whole sum on every rank.
    public func allReduce(partials: [Buffer<Float>], into result: Buffer<Float>) throws {
        let count = result.count
        let size = communicator.size
        // Everything to everyone takes one round instead of two; it pays where no more bytes move, or few do.
        if size <= 2 || count * 4 * nodeCounts.reduce(0, +) <= 64 << 10 {
            return try reduceScatter(
                partials: partials, blocks: Array(repeating: 0..<count, count: size), into: result.pointer)
        }
        let blocks = evenRanges(count, parts: size)
        try reduceScatter(partials: partials, blocks: blocks, into: result.pointer + blocks[communicator.rank].lowerBound)
        try communicator.allgather(result, blocks: blocks)
    }

    /// Sums a block of partial sums that lie in memory which all ranks share.
    ///
    /// - Parameters:
    ///   - all: of all ranks' nodes, by rank and in order, as `nodeCounts` says.
    ///   - result: as the partial sums; its elements `block` are set.
    public func sum(shared all: [Buffer<Float>], block: Range<Int>, into result: Buffer<Float>) {
        precondition(all.count == nodeCounts.reduce(0, +) && block.upperBound <= result.count)
        plan.sum(
            all.map { UnsafePointer($0.pointer) + block.lowerBound }, count: block.count, into: result.pointer + block.lowerBound)
    }

    /// For each rank, where the given block of each of its nodes lies: in the partial sums, or in `received`.
    private func place(_ partials: [Buffer<Float>], block: Range<Int>) -> [[UnsafeMutablePointer<Float>]] {
        let foreign = nodeCounts.reduce(0, +) - partials.count
        if received.count < foreign * block.count { received = Buffer(count: foreign * block.count) }
        var next = received.pointer
        return nodeCounts.enumerated().map { peer, count in
            if peer == communicator.rank { return partials.map { $0.pointer + block.lowerBound } }
            return (0..<count).map { _ in
                defer { next += block.count }
                return next
            }
        }
    }
}

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
