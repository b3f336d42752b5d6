import DeepXMLModel
import Support
import Testing

@Suite struct OneVsAllTopKTests {
    private func classifier(_ labels: Range<Int>, dims: Int) -> ClassifierShard {
        ClassifierShard(labels: labels, dims: dims, RandomStreams(seed: 4, module: 1), on: cpu)
    }

    /// Sizes around the tiles (12 rows, 32 and 256 labels); few rows on many threads, where the labels are cut.
    @Test(
        arguments: [(1, 1, 1, 1), (13, 33, 7, 5), (97, 257, 30, 20), (260, 700, 300, 100), (5, 4500, 33, 600)]
            as [(Int, Int, Int, Int)], [1, 3])
    func isBruteForce(shape: (rows: Int, labels: Int, dims: Int, k: Int), threads: Int) {
        let (rows, labels, dims, k) = shape
        let shard = classifier(1000..<1000 + labels, dims: dims)
        let z = noise(rows: rows, cols: dims, scale: 2, seed: 5)
        let team = ThreadTeam(size: threads)
        defer { team.stop() }
        let found = OneVsAllTopK(classifier: shard).topK(z.pointer, rows: rows, k: k, team: team)
        #expect(found.rows == rows && found.k == k)
        for row in 0..<rows {
            let logits = (0..<labels).map {
                Double(shard.bias.value.host[$0, 0]) + product(z.row(row), shard.weight.value.host.row($0), dims)
            }
            let best = logits.sorted(by: >).prefix(k), ids = found.ids(row).map { Int($0) - 1000 }
            #expect(ids.count == best.count && Set(ids).count == ids.count)
            let right = zip(zip(ids, found.scores(row)), best).allSatisfy { entry, want in
                abs(Double(entry.1) - logits[entry.0]) < 1e-5 && abs(logits[entry.0] - want) < 1e-5
            }
            #expect(right, "row \(row)")
            #expect(zip(found.scores(row), found.scores(row).dropFirst()).allSatisfy { $0 >= $1 })
        }
    }

    /// Rows, labels and threads may be cut in any way.
    @Test func everyCutGivesTheSameBits() {
        let (rows, dims, k) = (130, 50, 40)
        let z = noise(rows: rows, cols: dims, scale: 2, seed: 6), whole = classifier(0..<3000, dims: dims)
        let one = ThreadTeam(size: 1), four = ThreadTeam(size: 4)
        defer { four.stop() }
        let expected = bits(OneVsAllTopK(classifier: whole).topK(z.pointer, rows: rows, k: k, team: one))
        #expect(bits(OneVsAllTopK(classifier: whole).topK(z.pointer, rows: rows, k: k, team: four)) == expected)
        let parts = [0..<1, 1..<1500, 1500..<3000].map {
            OneVsAllTopK(classifier: classifier($0, dims: dims)).topK(z.pointer, rows: rows, k: k, team: one)
        }
        #expect(bits(mergeTopK(parts, k: k, team: one)) == expected)
        let single = (0..<rows).flatMap {
            bits(OneVsAllTopK(classifier: whole).topK(z.row($0), rows: 1, k: k, team: four))
        }
        #expect(single == expected)
    }

    @Test func tiesGoToTheSmallerId() {
        let shard = classifier(10..<910, dims: 3)
        shard.weight.value.host.buffer.fill(0)
        for label in 0..<900 { shard.bias.value.host[label, 0] = label % 5 == 0 ? 1 : 0.5 }
        let z = noise(rows: 2, cols: 3, seed: 1)
        let found = OneVsAllTopK(classifier: shard).topK(z.pointer, rows: 2, k: 250, team: ThreadTeam(size: 1))
        let expected = (Array(stride(from: 0, to: 900, by: 5)) + (0..<900).filter { $0 % 5 != 0 }.prefix(70)).map { $0 + 10 }
        #expect(found.ids(1).map(Int.init) == expected)
    }

    @Test func noLabelsAndNoRows() {
        let team = ThreadTeam(size: 2), z = noise(rows: 3, cols: 4, seed: 2)
        defer { team.stop() }
        let none = OneVsAllTopK(classifier: classifier(7..<7, dims: 4)).topK(z.pointer, rows: 3, k: 2, team: team)
        #expect((0..<3).allSatisfy { none.count($0) == 0 })
        #expect(OneVsAllTopK(classifier: classifier(0..<9, dims: 4)).topK(z.pointer, rows: 0, k: 2, team: team).rows == 0)
    }
}
