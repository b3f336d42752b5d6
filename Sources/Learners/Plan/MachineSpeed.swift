import DeepXMLModel
import Devices
import Support

/// How fast one core of this machine is at what training does most, measured in about a second: by the CPU time of the thread, so that
/// other processes hardly matter.
enum MachineSpeed {
    /// Flop/s of a one-vs-all step of 4,000 labels, 255 documents, 300 dimensions: loss, both gradients and Adam.
    static func oneVsAll(_ device: any Device) -> Double {
        let (labels, dims, batch) = (4000, 300, 255)
        let classifier = ClassifierShard(labels: 0..<labels, dims: dims, RandomStreams(seed: 1, module: 1), on: device)
        let truth = CSRMatrix(cols: labels, rows: (0..<batch).map { [(Int32($0 * 15), Float(1))] }, binary: true)
        let step = device.oneVsAll(
            ClassifierTask(classifier: classifier, leaves: [0..<labels], truth: truth, batchSize: batch), precision: .float32)
        let z = device.paddedTensor(rows: batch, dims: dims), dz = device.tensor(rows: batch, cols: z.stride)
        let streams = RandomStreams(seed: 1, module: 1)
        device.fillUniform(z, streams.stream(.classifierInit, step: 0), firstRow: 0, firstColumn: 0, bound: 1)
        step.prepare(docs: (0..<Int32(batch)).map { $0 }, stream: streams.stream(.negatives, step: 0))
        let adam = Adam.dense(learningRate: 0.001, step: 10)
        let seconds = fastest(rounds: 8) { _ = step.run(0..<1, z: z, step: adam, dz: dz) }
        return 6 * Double(batch * labels * dims) / seconds
    }

    /// Bytes/s of a copy, read and written. The buffers are small enough for a process whose memory is limited.
    static func copy() -> Double {
        let from = Buffer<UInt8>(count: 16 << 20), to = Buffer<UInt8>(count: 16 << 20)
        from.fill(1)
        return 2 * Double(from.count) / fastest(rounds: 4) { to.copy(from: from) }
    }

    /// Seconds an entry of a pass of the dual solver over documents of eight features, in all of which 100,000 are spread unevenly.
    static func sparsePass(_ device: any Device) -> Double {
        let (documents, features, entries, labels, examples, passes) = (50_000, 100_000, 8, 100, 400, 10)
        var state: UInt64 = 88_172_645_463_325_252
        func next(_ count: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 11) % count
        }
        let rows = (0..<documents).map { _ in
            Set((0..<entries).map { _ in Int32(next(1 + next(features))) }).sorted().map { ($0, Float(0.35)) }
        }
        let matrix = CSRMatrix(cols: features, rows: rows, binary: false)
        let chosen = (0..<labels * examples).map { _ in Int32(next(documents)) }
        let task = LabelExamples(
            starts: Buffer((0...labels).map { Int64($0 * examples) }), documents: Buffer(chosen),
            isPositive: Buffer((0..<labels * examples).map { $0 % examples < 20 ? 1 : 0 }))
        let settings = DualLinearSettings(tolerance: 1e-9, maxPasses: passes)
        let seconds = fastest(rounds: 3) { _ = device.trainLinear(matrix, task, settings, isStopped: { false }) }
        return seconds / Double(labels * examples * passes) * Double(documents) / Double(matrix.nonZeros)
    }

    private static func fastest(rounds: Int, _ body: @escaping () -> Void) -> Double {
        max(fewestCPUSeconds(rounds: rounds, [body])[0], 1e-9)
    }
}

extension StepCosts {
    /// The rates of this machine, measured in about a second on one core.
    public static func measured() -> StepCosts {
        let team = ThreadTeam(size: 1)
        defer { team.stop() }
        let device = CPUDevice(team: team)
        return StepCosts(
            oneVsAll: MachineSpeed.oneVsAll(device), copy: MachineSpeed.copy(), sparsePass: MachineSpeed.sparsePass(device))
    }
}
