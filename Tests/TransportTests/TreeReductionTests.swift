import Support
import Testing
import Transport
import TransportChecks

@Suite struct TreeReductionTests {
    @Test func canonicalNodesSpanEachRunWithAlignedMaximalNodes() {
        for leaves in [1, 2, 8, 32] {
            for start in 0...leaves {
                for end in start...leaves {
                    let nodes = canonicalNodes(of: start..<end, leaves: leaves)
                    #expect(nodes.flatMap { Array($0.leaves) } == Array(start..<end))
                    #expect(zip(nodes, nodes.dropFirst()).allSatisfy { !$0.isLeftSibling(of: $1) })
                }
            }
        }
    }

    @Test func namedRuns() {
        #expect(canonicalNodes(of: 0..<8, leaves: 8) == [TreeNode(level: 3, index: 0)])
        #expect(TreeNode(level: 1, index: 5).parent == TreeNode(level: 2, index: 2))
        #expect(
            canonicalNodes(of: 3..<8, leaves: 8)
                == [TreeNode(level: 0, index: 3), TreeNode(level: 2, index: 1)])
        #expect(canonicalNodes(of: 0..<0, leaves: 8) == [])
    }

    /// Blocks of a result into buffers of their own, large ones after small ones.
    @Test func blocksIntoBuffers() throws {
        try ThreadCommunicator.run(size: 3) { world in
            let reduction = TreeReduction(over: world, leaves: 8, runs: [0..<3, 3..<4, 4..<8])
            for length in [3, 30, 9000] {
                let partials = reduction.ownNodes.map { node in
                    let sum = Buffer<Float>(count: length)
                    for i in 0..<length { sum[i] = Float(node.leaves.count * 1000 + i) }
                    return sum
                }
                let blocks = [0..<length / 3, length / 3..<length, 0..<0], own = blocks[world.rank]
                let result = Buffer<Float>(count: own.count)
                try reduction.reduceScatter(partials: partials, blocks: blocks, into: result)
                let nodes = reduction.nodeCounts.reduce(0, +)
                #expect(result.array == own.map { Float(8000 + nodes * $0) }, "\(length) of rank \(world.rank)")
            }
        }
    }

    /// Without this, "the same bits" would hold for any order, and the other tests could not fail.
    @Test func theOrderOfTheSumMattersForTheseVectors() throws {
        let tree = try #require(treeSum(0..<32, present: Set(0..<32), count: 333))
        let running = (1..<32).reduce(leafVector(0, count: 333)) { sum, leaf in
            zip(sum, leafVector(leaf, count: 333)).map { $0 + $1 }
        }
        #expect(tree != running)
    }

    @Test func anErrorOfALeafIsThrownAndTheAccumulatorGoesOn() throws {
        let accumulator = RunAccumulator(run: 1..<7, leaves: 8, length: 4)
        #expect(throws: Unequal.self) {
            _ = try accumulator.accumulate(count: 4) { leaf, _ in try expectEqual(leaf, 1, "leaf") }
        }
        let sums = accumulator.accumulate(count: 4) { leaf, buffer in buffer.fill(Float(leaf)) }
        #expect(sums.map { $0[0] } == [1, 2 + 3, 4 + 5, 6])
    }
}
