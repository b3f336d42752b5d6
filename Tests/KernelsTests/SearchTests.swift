import Kernels
import Testing

/// Searches against a sort of all products, which are exact.
@Suite struct SearchTests {
    private static let shapes = [(1, 1, 1, 1), (13, 33, 7, 5), (25, 300, 30, 20), (12, 600, 16, 600)]

    /// Queries and a database of rows `stride` apart, and a bias.
    private struct Search {
        let count: Int, rows: Int, dims: Int, k: Int, stride: Int
        let queries: [Float], database: [Float], bias: [Float]

        init(_ shape: (Int, Int, Int, Int), gap: Int = 0) {
            var sample = Sample(31)
            (count, rows, dims, k) = shape
            stride = dims + gap
            (queries, database, bias) = (sample.eighths(count * stride), sample.eighths(rows * stride), sample.eighths(rows))
        }

        /// - Parameter firstId: id of the first row.
        func expected(firstId: Int32, isBiased: Bool) -> Lists {
            let lists = (0..<count).map { q in
                let scores = (0..<rows).map { r in
                    (0..<dims).reduce(isBiased ? bias[r] : 0) { $0 + queries[q * stride + $1] * database[r * stride + $1] }
                }
                return best(zip(firstId..., scores), k)
            }
            return Lists(lists, width: k)
        }

        func run(_ kernel: (UnsafeMutableRawPointer, inout Lists) -> Void) -> Lists {
            var found = Lists(rows: count, width: k)
            withMemory(dx_search_workspace(count, dims, k)) { kernel($0, &found) }
            return found
        }
    }

    @Test(arguments: shapes) func exactSearchIsASort(shape: (Int, Int, Int, Int)) {
        let s = Search(shape)
        let found = s.run { dx_search_exact(s.queries, s.count, s.database, s.rows, s.dims, 1000, s.k, $0, &$1.ids, &$1.scores) }
        #expect(found == s.expected(firstId: 1000, isBiased: false))
    }

    @Test(arguments: shapes) func logitsAreASort(shape: (Int, Int, Int, Int)) {
        let s = Search(shape, gap: 3)
        let found = s.run {
            dx_search_logits(
                s.queries, s.count, s.database, s.bias, s.rows, s.dims, s.stride, 5, s.k, $0, &$1.ids, &$1.scores)
        }
        #expect(found == s.expected(firstId: 5, isBiased: true))
    }

    @Test(arguments: shapes, [false, true]) func packedSearchIsASort(shape: (Int, Int, Int, Int), isBiased: Bool) {
        let s = Search(shape, gap: 3)
        var packed = [Float](repeating: .nan, count: dx_gemm_packed_size(s.rows, s.dims))
        dx_gemm_pack(s.rows, s.dims, s.database, 1, s.stride, &packed)
        let found = s.run { memory, lists in
            s.bias.withUnsafeBufferPointer { bias in
                dx_search_packed(
                    s.queries, s.count, packed, isBiased ? bias.baseAddress : nil, s.rows, s.dims, s.stride, 5, s.k, memory,
                    &lists.ids, &lists.scores)
            }
        }
        #expect(found == s.expected(firstId: 5, isBiased: isBiased))
    }

    @Test(arguments: [1, 7, 16, 300]) func rowsBecomeUnit(dims: Int) {
        var sample = Sample(32)
        let x = sample.floats(5 * dims, scale: 3)
        var unit = x
        dx_unit_rows(&unit, 5, dims)
        let expected = (0..<5).flatMap { r in
            let row = x[r * dims..<(r + 1) * dims].map(Double.init), length = norm(row)
            return row.map { length > 0 ? $0 / length : 0 }
        }
        #expect(largestDifference(unit, expected) < 1e-6)
    }
}

/// Lists made of lists, against dictionaries.
@Suite struct ListTests {
    /// Rows of distinct ids in no order, up to `width` long.
    private func lists(_ rows: Int, width: Int, ids: Int, seed: UInt64) -> [[(Int32, Float)]] {
        var sample = Sample(seed)
        return (0..<rows).map { row in
            let own = sample.subset(row % 4 == 3 ? sample.below(width + 1) : width, of: ids).reversed()
            return own.map { ($0, Float(sample.below(16)) / 16) }
        }
    }

    @Test(arguments: [1, 12, 60]) func labelScoresAreSumsOverNeighbours(k: Int) {
        var sample = Sample(33)
        let neighbours = lists(50, width: 9, ids: 80, seed: 34)
        let labels = SparseRows((0..<80).map { _ in sample.subset(sample.below(5), of: 40).map { ($0, 1) } })
        let given = Lists(neighbours, width: 9)
        var found = Lists(rows: 50, width: k), sums = [Float](repeating: -.infinity, count: 40)
        var memory = [Int32](repeating: 0, count: 4 * 41)
        dx_label_scores(
            given.ids, given.scores, 50, 9, labels.starts, labels.columns, &sums, &memory, 41, k, &found.ids, &found.scores)
        let expected = neighbours.map { row in
            var scores: [Int32: Float] = [:]
            for (document, similarity) in row {
                for (label, _) in labels.entries(Int(document)) { scores[label, default: 0] += similarity }
            }
            let largest = scores.values.max() ?? 0
            return best(scores.map { ($0.key, largest > 0 ? $0.value / largest : $0.value) }, k)
        }
        #expect(found == Lists(expected, width: k))
        #expect(sums.allSatisfy { $0 == -.infinity })
    }

    @Test(arguments: [1, 20, 70]) func mergingKeepsTheBest(k: Int) {
        let widths = [10, 15, 20]
        let parts = widths.enumerated().map { part, width in
            lists(40, width: width, ids: 30, seed: UInt64(35 + part)).map { $0.map { ($0.0 * 3 + Int32(part), $0.1) } }
        }
        let given = zip(parts, widths).map { Lists($0, width: $1) }
        var found = Lists(rows: 40, width: k), memory = [Int32](repeating: 0, count: 4 * 45)
        given[0].ids.withUnsafeBufferPointer { a in
            given[1].ids.withUnsafeBufferPointer { b in
                given[2].ids.withUnsafeBufferPointer { c in
                    given[0].scores.withUnsafeBufferPointer { x in
                        given[1].scores.withUnsafeBufferPointer { y in
                            given[2].scores.withUnsafeBufferPointer { z in
                                dx_merge_lists(
                                    [a.baseAddress, b.baseAddress, c.baseAddress], [x.baseAddress, y.baseAddress, z.baseAddress],
                                    widths, 3, 0, 40, &memory, 45, k, &found.ids, &found.scores)
                            }
                        }
                    }
                }
            }
        }
        #expect(found == Lists((0..<40).map { row in best(parts.flatMap { $0[row] }, k) }, width: k))
    }

    @Test(arguments: [1, 15, 40]) func blendIsTheWeightedUnion(k: Int) {
        let left = lists(40, width: 12, ids: 30, seed: 38), right = lists(40, width: 9, ids: 30, seed: 39)
        let (a, b) = (Lists(left, width: 12), Lists(right, width: 9))
        var found = Lists(rows: 40, width: k), memory = [Int32](repeating: 0, count: 8 * 21)
        dx_blend_lists(a.ids, a.scores, 12, 0.25, b.ids, b.scores, 9, 0.75, 40, &memory, 21, k, &found.ids, &found.scores)
        let expected = zip(left, right).map { left, right in
            var scores: [Int32: Float] = [:]
            for (id, score) in left { scores[id, default: 0] += 0.25 * score }
            for (id, score) in right { scores[id, default: 0] += 0.75 * score }
            return best(scores.map { ($0.key, $0.value) }, k)
        }
        #expect(found == Lists(expected, width: k))
    }

    @Test(arguments: [[0, -0.0, 1, -.infinity], [.infinity, -1, -2, 3]] as [[Float]]) func scoresOrderAsNumbers(scores: [Float]) {
        var order = [Int32](repeating: -1, count: 4), memory = [Int32](repeating: 0, count: 16)
        #expect(dx_top_k(scores, [4, 3, 2, 1], 4, 4, &memory, &order) == 4)
        #expect(order.map(Int.init) == (0..<4).sorted { (-scores[$0], -$0) < (-scores[$1], -$1) })
    }
}
