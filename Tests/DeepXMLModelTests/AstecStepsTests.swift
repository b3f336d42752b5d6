import DeepXMLModel
import Devices
import Support
import Testing

/// Ten steps of each kind of module, against torch in double precision (no dropout, fixed negatives).
@Suite struct AstecStepsTests {
    let oracle: AstecOracle

    init() throws { oracle = try AstecOracle.load() }

    @Test func fullLossWithEncoder() throws {
        let network = AstecNetwork(oracle, trainsEncoder: true)
        let step = cpu.oneVsAll(task(network), precision: .float32)
        try compare("full", network) { docs, z, dz, number in
            step.prepare(docs: docs, stream: stream(number))
            let adam = Adam.dense(learningRate: oracle.learningRate, step: number)
            return run(step, docs, z, adam, dz) / Double(oracle.labelCount)
        }
    }

    @Test(arguments: [("frozen", false), ("trained", true)])
    func shortlistLoss(module: String, trainsEncoder: Bool) throws {
        let network = AstecNetwork(oracle, trainsEncoder: trainsEncoder)
        let sizes = ShortlistSizes(maxPositives: 12, randomNegatives: 0, limit: 12)
        let negatives = NegativeShortlists(
            inRange: oracle.matrix(oracle.data.negatives), totals: Buffer(oracle.data.negatives.map { Int32($0.count) }))
        let step = cpu.shortlists(task(network), sizes: sizes, negatives: negatives)
        try compare(module, network) { docs, z, dz, number in
            step.prepare(docs: docs, stream: stream(number))
            return run(step, docs, z, Adam.lazy(learningRate: oracle.learningRate, step: number), dz)
        }
    }

    private func task(_ network: AstecNetwork) -> ClassifierTask {
        ClassifierTask(
            classifier: network.classifier, leaves: [0..<oracle.labelCount], truth: oracle.matrix(oracle.data.labels),
            batchSize: 6)
    }

    private func stream(_ step: Int) -> RandomStream { RandomStreams(seed: 1, module: 3).stream(.negatives, step: step) }

    /// Also leaves ∂z in `dz`.
    private func run(
        _ step: any ClassifierOperation, _ docs: [Int32], _ z: DenseMatrix, _ adam: OptimiserStep, _ dz: DenseMatrix
    ) -> Double {
        let gradient = cpu.tensor(rows: 6, cols: z.cols)
        let sum = step.run(0..<1, z: z.tensor.rows(0..<docs.count), step: adam, dz: gradient.rows(0..<docs.count)).values()[0]
        dz.rows(0..<docs.count).update(from: gradient.rows(0..<docs.count).host.buffer.all)
        return sum
    }

    /// - Parameter loss: summed over the batch, each document's already a mean where the module's loss is one.
    private func compare(_ name: String, _ network: AstecNetwork, loss: @escaping AstecNetwork.Loss) throws {
        let module = try #require(oracle.modules[name])
        for (index, docs) in oracle.data.batches.enumerated() {
            let mean = network.step(index + 1, docs: docs, loss: loss) / Double(docs.count)
            #expect(abs(mean - module.losses[index]) < 1e-5, "loss of step \(index + 1)")
        }
        let found = network.parameters
        for (parameter, expected) in module.end.named {
            let distance = zip(expected, found[parameter] ?? []).map { abs($0 - $1) }.max() ?? .infinity
            #expect(found[parameter]?.count == expected.count && distance < 1e-4, "\(parameter): \(distance)")
        }
    }

    /// The oracle must tell lazy from dense Adam: some token and some label has to be missing in a step after it was met.
    @Test func stepsSkipSomeTokensAndLabels() {
        let data = oracle.data
        let met: ([Int32], (Int) -> [Int32]) -> Set<Int32> = { docs, of in Set(docs.flatMap { of(Int($0)) }) }
        for of in [{ data.features[$0].tokens }, { data.labels[$0] + data.negatives[$0] }] {
            let first = met(data.batches[0], of)
            #expect(data.batches.dropFirst().contains { !first.subtracting(met($0, of)).isEmpty })
        }
    }
}
