import DeepXMLModel
import Support
import Testing

@Suite struct PackedSearchTests {
    private static func vectors(_ rows: Int, _ cols: Int, seed: UInt64) -> DenseMatrix {
        let matrix = DenseMatrix(rows: rows, cols: cols)
        RandomStreams(seed: seed, module: 1).fillUniform(
            matrix.pointer, count: rows * cols, row: 0, firstColumn: 0, bound: 1, purpose: .classifierInit)
        return matrix
    }

    private func expectSame(_ a: TopK, _ b: TopK) {
        #expect(a.indices.array == b.indices.array)
        #expect(a.scores.array.map(\.bitPattern) == b.scores.array.map(\.bitPattern))
    }

    @Test("Laid out once or for each search, neighbours and their bits are the same", arguments: [1, 7, 100, 700], [1, 3])
    func neighbours(queries: Int, threads: Int) {
        let team = ThreadTeam(size: threads)
        defer { team.stop() }
        let database = Self.vectors(1500, 21, seed: 3), asked = Self.vectors(queries, 21, seed: 4)
        let packed = PackedSearch(database: database, firstId: 50)
        expectSame(
            packed.topK(queries: asked, k: 13, team: team),
            ExactSearch(database: database, firstId: 50).topK(queries: asked, k: 13, team: team))
    }

    @Test("Logits of all labels", arguments: [1, 40, 300], [1, 2])
    func logits(rows: Int, threads: Int) {
        let team = ThreadTeam(size: threads)
        defer { team.stop() }
        let shard = ClassifierShard(labels: 10..<1300, dims: 20, RandomStreams(seed: 5, module: 3), on: cpu)
        let z = Self.vectors(rows, shard.ld, seed: 6)
        expectSame(
            PackedSearch(shard).topK(z.pointer, rows: rows, stride: shard.ld, k: 9, team: team),
            OneVsAllTopK(classifier: shard).topK(z.pointer, rows: rows, k: 9, team: team))
    }

    @Test("Fewer vectors than asked for, and none")
    func few() {
        let team = ThreadTeam(size: 2)
        defer { team.stop() }
        let asked = Self.vectors(2, 16, seed: 1)
        let three = PackedSearch(database: Self.vectors(3, 16, seed: 2)).topK(queries: asked, k: 5, team: team)
        #expect((0..<2).map(three.count) == [3, 3])
        let none = PackedSearch(database: DenseMatrix(rows: 0, cols: 16)).topK(queries: asked, k: 5, team: team)
        #expect((0..<2).map(none.count) == [0, 0])
    }
}
