import Foundation
import Scoring
import Support
import Testing

@Suite struct LabelListsTests {
    /// Three rows of three entries, two and none, best first.
    private func lists() -> LabelLists {
        LabelLists(
            TopK(
                rows: 3, k: 3, indices: Buffer<Int32>([7, 2, 5, 4, 1, -1, -1, -1, -1]),
                scores: Buffer<Float>([2, 0, 0, -120, -130, -.infinity, -.infinity, -.infinity, -.infinity])))
    }

    @Test func theFirstOfEachRowInTheOrderOfLabels() {
        let team = ThreadTeam(size: 2)
        defer { team.stop() }
        func sigmoid(_ logit: Float) -> Float { 1 / (1 + exp(-logit)) }
        let half = 0.5 / sigmoid(2)
        for (k, ids, starts) in [(3, [2, 5, 7, 1, 4], [0, 3, 5, 5]), (2, [2, 7, 1, 4], [0, 2, 4, 4])] as [(Int, [Int32], [Int64])]
        {
            let matrix = lists().matrix(cols: 9, keeping: k, team: team)
            #expect(Array(UnsafeBufferPointer(start: matrix.indices.pointer, count: ids.count)) == ids)
            #expect((0...3).map { Int64(matrix.starts[$0]) } == starts)
            let values = (0..<ids.count).map { matrix.values?[$0] ?? -1 }
            #expect(values.prefix(k) == (k == 3 ? [half, half, 1] : [half, 1]))
            // The best of a row counts 1, where its probability is more than 0 in 32 bits.
            #expect(sigmoid(-120) == 0 && values.suffix(2) == [0, 0])
        }
    }

    /// Some rows in place of others, of any length.
    @Test func rowsAreReplaced() {
        let matrix = CSRMatrix(cols: 9, rows: [[(1, 1), (4, 2)], [(0, 3)], [], [(8, 4)]])
        let other = CSRMatrix(cols: 9, rows: [[], [(2, 5), (3, 6), (7, 7)], [(5, 8)]])
        let wanted: [[Int32: Float]] = [[:], [0: 3], [2: 5, 3: 6, 7: 7], [5: 8]]
        let found = matrix.replacing([0, 2, 3], by: other)
        #expect(rows(found) == wanted && found.rows == 4 && found.cols == 9 && found.starts.array == [0, 0, 1, 4, 5])
        #expect(rows(matrix.replacing([], by: CSRMatrix(cols: 9, rows: []))) == rows(matrix))
    }

    @Test func ties() {
        let lists = lists()
        #expect(lists.isTied(0, at: 2) && !lists.isTied(0, at: 1) && !lists.isTied(0, at: 3) && !lists.isTied(2, at: 1))
    }

    /// Nothing is behind a row's end, though the next row's best is as good; nor before the first label.
    @Test func tiesWithinARow() {
        let scores: [Float] = [3, 3, 1, 3, 2, 2, 2, 2, 2]
        let lists = LabelLists(
            TopK(rows: 3, k: 3, indices: Buffer<Int32>([1, 2, 3, 4, 5, 6, 7, 8, 9]), scores: Buffer<Float>(scores)))
        for row in 0..<3 {
            for k in 0...4 {
                let own = scores[3 * row..<3 * row + 3].map { $0 }, wanted = (1..<3).contains(k) && own[k] == own[k - 1]
                #expect(lists.isTied(row, at: k) == wanted, "row \(row) at \(k)")
            }
        }
    }
}
