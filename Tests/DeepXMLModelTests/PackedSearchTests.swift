import DeepXMLModel
import Devices
import Support
import Testing

@Suite struct PackedSearchTests {
    private static func vectors(_ rows: Int, _ cols: Int, seed: UInt64) -> DenseMatrix {
        let tensor = cpu.tensor(rows: 1, cols: rows * cols)
        let stream = RandomStreams(seed: seed, module: 1).stream(.classifierInit, step: 0)
        cpu.fillUniform(tensor, stream, firstRow: 0, firstColumn: 0, bound: 1)
        return DenseMatrix(rows: rows, cols: cols, buffer: tensor.host.buffer)
    }

    private func expectSame(_ a: TopK, _ b: TopK) {
        #expect(a.indices.array == b.indices.array)
        #expect(a.scores.array.map(\.bitPattern) == b.scores.array.map(\.bitPattern))
    }

    @Test("Laid out once or for each search, neighbours and their bits are the same", arguments: [1, 7, 100, 700], [1, 3])
    func neighbours(queries: Int, threads: Int) throws {
        let team = ThreadTeam(size: threads)
        defer { team.stop() }
        let database = Self.vectors(1500, 21, seed: 3), asked = Self.vectors(queries, 21, seed: 4)
        let packed = CPUDevice(team: team).packedSearch(over: database.tensor, firstId: 50)
        expectSame(
            try packed.topK(queries: asked.tensor, k: 13), try exactTopK(database, firstId: 50, queries: asked, k: 13, team: team)
        )
    }

    @Test("Logits of all labels", arguments: [1, 40, 300], [1, 2])
    func logits(rows: Int, threads: Int) throws {
        let team = ThreadTeam(size: threads), device = CPUDevice(team: team)
        defer { team.stop() }
        let shard = ClassifierShard(labels: 10..<1300, dims: 20, RandomStreams(seed: 5, module: 3), on: device)
        let z = Self.vectors(rows, shard.ld, seed: 6).tensor
        expectSame(try device.packedSearch(over: shard).topK(queries: z, k: 9), device.bestLabels(shard, z: z, k: 9))
    }

    @Test("Fewer vectors than asked for, and none")
    func few() throws {
        let team = ThreadTeam(size: 2), device = CPUDevice(team: team)
        defer { team.stop() }
        let asked = Self.vectors(2, 16, seed: 1).tensor
        let three = try device.packedSearch(over: Self.vectors(3, 16, seed: 2).tensor, firstId: 0).topK(queries: asked, k: 5)
        #expect((0..<2).map(three.count) == [3, 3])
        let none = try device.packedSearch(over: DenseMatrix(rows: 0, cols: 16).tensor, firstId: 0).topK(queries: asked, k: 5)
        #expect((0..<2).map(none.count) == [0, 0])
    }
}
