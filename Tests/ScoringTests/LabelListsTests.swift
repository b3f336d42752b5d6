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

    @Test func ties() {
        let lists = lists()
        #expect(lists.isTied(0, at: 2) && !lists.isTied(0, at: 1) && !lists.isTied(0, at: 3) && !lists.isTied(2, at: 1))
    }
}
