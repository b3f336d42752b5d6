import Kernels
import Testing

@Suite struct GroupingTests {
    @Test(arguments: [(0, 5), (1, 1), (1000, 7), (1000, 3000)]) func pairsAreSortedByLabelAndStable(count: Int, labels: Int) {
        var sample = Sample(10)
        let label = (0..<count).map { _ in Int32(sample.below(labels)) }, pairs = (0..<count).map { UInt16($0) }
        var starts = [Int64](repeating: -1, count: labels + 1), sorted = [UInt16](repeating: 0, count: count)
        dx_sort_pairs(label, pairs, count, labels, &starts, &sorted)
        #expect(starts.first == 0 && starts.last == Int64(count))
        for l in 0..<labels {
            let expected = pairs.filter { label[Int($0)] == l }
            #expect(Array(sorted[Int(starts[l])..<Int(starts[l + 1])]) == expected)
        }
    }

    @Test func tokensAreGroupedInOrderOfAppearance() {
        let starts: [Int64] = [0, 2, 2, 5, 6], tokens: [Int32] = [4, 1, 1, 0, 4, 3], weights: [Float] = [1, 2, 3, 4, 5, 6]
        var slots = [Int32](repeating: -1, count: 6), distinct = [Int32](repeating: -9, count: 8)
        var ends = [Int64](repeating: -9, count: 9), rows = [UInt32](repeating: 99, count: 8)
        var grouped = [Float](repeating: .nan, count: 8)
        let count = dx_group_tokens(starts, tokens, weights, [2, 0, 1, 2], 4, &slots, &distinct, &ends, &rows, &grouped)
        #expect(count == 3)
        #expect(distinct[..<3] == [1, 0, 4] && ends[..<4] == [0, 3, 5, 8])
        #expect(rows == [0, 1, 3, 0, 3, 0, 1, 3])
        #expect(grouped == [3, 2, 3, 4, 4, 5, 1, 5])
        #expect(slots.allSatisfy { $0 == -1 })
    }

    @Test(arguments: [0, 1, 2, 5, 63, 200, 500]) func topKWithTiesBrokenById(k: Int) {
        var sample = Sample(11)
        let count = 200, scores = (0..<count).map { _ in Float(sample.below(12)) }
        // Ids in no order.
        let ids = (0..<count).map { Int32(($0 * 77) % 211) }
        var order = [Int32](repeating: -1, count: max(k, 1)), memory = [Int32](repeating: 9, count: 4 * count)
        let found = dx_top_k(scores, ids, count, k, &memory, &order)
        let expected = (0..<count).sorted { (-scores[$0], ids[$0]) < (-scores[$1], ids[$1]) }.prefix(k)
        #expect(found == min(k, count))
        #expect(order.prefix(found).map(Int.init) == Array(expected))
    }

    @Test func topKOfNothing() {
        var order: [Int32] = [7], memory: [Int32] = [7]
        #expect(dx_top_k([], [], 0, 3, &memory, &order) == 0 && order == [7])
    }
}
