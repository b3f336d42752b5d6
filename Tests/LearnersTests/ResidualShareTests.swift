import Config
import DeepXMLModel
import Devices
import Support
import Synchronization
import Testing
import Training
import Transport
import WorkerChecks

/// A network over a group has the same bits whether workers share memory, send each other their parts of the residual's work, or
/// each do all of it.
@Suite struct ResidualShareTests {
    private static let dims = 37, batch = 24, documents = 61, labels = 640

    private static func matrix(cols: Int, perRow: Int, factor: Int, binary: Bool = false) -> CSRMatrix {
        let rows = (0..<documents).map { (row: Int) -> [(Int32, Float)] in
            let columns = Set((0..<perRow).map { (i: Int) -> Int32 in Int32((row * factor + i * i * 29 + 7 * i) % cols) })
            return columns.sorted().map { (column: Int32) -> (Int32, Float) in
                (column, Float(1 + (Int(column) * 5 + row) % 9) / 4)
            }
        }
        return CSRMatrix(cols: cols, rows: rows, binary: binary)
    }

    /// z of all documents after some steps, as each rank has it.
    private static func train(
        ranks: Int, _ work: NetworkShape.ResidualWork, apart: Bool, trainsEncoder: Bool
    ) throws -> [[UInt32]] {
        let found = Mutex<[Int: [UInt32]]>([:])
        try ThreadCommunicator.run(size: ranks) { world in
            let group = try WorkerGroup(
                communicator: apart ? ScatteredCommunicator(world) : world, team: ThreadTeam(size: 1))
            let z = try train(group, work, trainsEncoder: trainsEncoder)
            found.withLock { $0[group.rank] = z }
        }
        return found.withLock { found in (0..<ranks).map { found[$0]! } }
    }

    private static func train(
        _ group: WorkerGroup, _ work: NetworkShape.ResidualWork, trainsEncoder: Bool
    ) throws -> [UInt32] {
        let streams = RandomStreams(seed: 5, module: 1), device = group.device
        let features = matrix(cols: 90, perRow: 6, factor: 11), truth = matrix(cols: labels, perRow: 3, factor: 17, binary: true)
        let embeddings = EmbeddingShard(vocabulary: 90, columns: group.ownSlice(dims), on: device)
        embeddings.initialiseAtRandom(streams, dims: dims)
        var shape = NetworkShape(
            dims: dims, batchSize: batch, trainsEncoder: trainsEncoder, encoderKeep: 0.8, residualKeep: 0.7)
        shape.residualWork = work
        let encoder = try AstecGroupEncoder(shape: shape, group: group, embeddings: embeddings, streams: streams)
        let shards = LabelShards.cut(costs: Array(repeating: 1, count: labels))
        let network = try Network(
            batchSize: batch, group: group, encoder: encoder, labelShards: shards, streams: streams,
            optimiser: OptimiserSettings())
        let loss = OneVsAllStep(truth: truth, network: network, section: Config().extreme)
        for step in 0..<6 {
            let from = step % 3 * batch, docs = (Int32(from)..<Int32(min(from + batch, documents))).map { $0 }
            _ = try network.step(
                DocumentBatch(features: features, docs: docs), step: step, learningRate: 0.05, loss: loss)
        }
        try network.settle()
        network.prepareForPrediction()
        var bits: [UInt32] = []
        try network.forEachBatch((0..<Int32(documents)).map { $0 }, of: features) { _, _, z in
            bits += device.download(z).array.map(\.bitPattern)
        }
        return bits
    }

    @Test(arguments: [true, false]) func everyWayGivesTheSame(trainsEncoder: Bool) throws {
        let alone = try Self.train(ranks: 1, .measured, apart: false, trainsEncoder: trainsEncoder)[0]
        #expect(alone.count == Self.documents * Self.dims && Set(alone).count > 500)
        for ranks in [2, 3, 5] {
            for (work, apart) in [(.measured, false), (.measured, true), (.shared, true), (.whole, true)]
                as [(NetworkShape.ResidualWork, Bool)]
            {
                let found = try Self.train(ranks: ranks, work, apart: apart, trainsEncoder: trainsEncoder)
                #expect(found.allSatisfy { $0 == alone }, "\(ranks) ranks, \(work), apart: \(apart)")
            }
        }
    }
}
