import Support
import Transport

/// The vector of one leaf: sums of several depend on their order in the last bits.
public func leafVector(_ leaf: Int, count: Int) -> [Float] {
    var noise = Noise(leaf + 4242)
    return noise.floats(count)
}

/// The tree's sum by its definition, slow and plain: the oracle. Absent leaves are skipped.
public func treeSum(_ node: Range<Int>, present: Set<Int>, count: Int) -> [Float]? {
    if node.count == 1 { return present.contains(node.lowerBound) ? leafVector(node.lowerBound, count: count) : nil }
    let middle = (node.lowerBound + node.upperBound) / 2
    let left = treeSum(node.lowerBound..<middle, present: present, count: count)
    let right = treeSum(middle..<node.upperBound, present: present, count: count)
    guard let left, let right else { return left ?? right }
    return zip(left, right).map { $0 + $1 }
}

/// Cuts of 0..<leaves into a run a rank: even; at random places, with empty runs; all at the last rank; half absent.
public func cuts(leaves: Int, ranks: Int) -> [[Range<Int>]] {
    var noise = Noise(leaves + ranks)
    let places = (0..<ranks - 1).map { _ in Int.random(in: 0...leaves, using: &noise) }.sorted()
    let random = zip([0] + places, places + [leaves]).map { $0..<$1 }
    let last = (0..<ranks).map { $0 == ranks - 1 ? 0..<leaves : 0..<0 }
    let sparse = evenRanges(leaves, parts: ranks).map { $0.lowerBound..<($0.lowerBound + ($0.count + 1) / 2) }
    return [evenRanges(leaves, parts: ranks), random, last, sparse, Array(repeating: 0..<0, count: ranks)]
}

private func bits(_ floats: some Sequence<Float>) -> [UInt32] { floats.map(\.bitPattern) }

private func checkReduction(_ ranks: any Communicator, leaves: Int, runs: [Range<Int>], count: Int) throws {
    let expected = treeSum(0..<leaves, present: Set(runs.joined()), count: count) ?? Array(repeating: 0, count: count)
    let reduction = TreeReduction(over: ranks, leaves: leaves, runs: runs)
    let accumulator = RunAccumulator(run: runs[ranks.rank], leaves: leaves, length: count + 5)
    try expectEqual(accumulator.nodes, reduction.ownNodes, "nodes of the run")
    for _ in 0..<2 {
        let partials = accumulator.accumulate(count: count) { leaf, buffer in
            for (i, value) in leafVector(leaf, count: count).enumerated() { buffer[i] = value }
        }
        let blocks = evenRanges(count, parts: ranks.size)
        let mine = blocks[ranks.rank]
        let part = Buffer<Float>(count: mine.count)
        try reduction.reduceScatter(partials: partials, blocks: blocks, into: part.pointer)
        guard bits(part.array) == bits(expected[mine]) else {
            throw Unequal(description: "reduce-scatter of \(leaves) leaves in runs \(runs) has other bits than the tree's sum")
        }
        let whole = Buffer<Float>(count: count)
        whole.fill(.nan)
        try reduction.allReduce(partials: partials, into: whole)
        guard bits(whole.array) == bits(expected) else {
            throw Unequal(description: "allreduce of \(leaves) leaves in runs \(runs) has other bits than the tree's sum")
        }
    }
}

let reductionChecks = [8, 16, 32].map { leaves in
    Check("tree reduction of \(leaves) leaves: the bits of the definition, for any cut") { ranks in
        for runs in cuts(leaves: leaves, ranks: ranks.size) {
            for count in [1, 333, 5000] { try checkReduction(ranks, leaves: leaves, runs: runs, count: count) }
        }
    }
}
