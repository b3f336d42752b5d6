import DeepXMLModel
import Devices
import Foundation
import Support
import Testing

/// Gradients of each loss by W, bias and z, one-vs-all and over shortlists, against central differences of the loss in double precision.
@Suite struct ClassifierGradientTests {
    let batch = 5, dims = 7

    /// A classifier of the labels 3 ..< 3 + count, with larger weights than at the start.
    private func classifier(_ count: Int) -> ClassifierShard {
        let shard = ClassifierShard(labels: 3..<3 + count, dims: dims, RandomStreams(seed: 4, module: 3), on: cpu)
        for i in 0..<count * shard.ld { shard.weight.value.host.buffer[i] *= 3 }
        return shard
    }

    private let stream = RandomStreams(seed: 1, module: 3).stream(.negatives, step: 0)

    private func leaves(_ bounds: [Int]) -> [Range<Int>] { zip(bounds, bounds.dropFirst()).map { $0..<$1 } }

    /// Runs one leaf after the other: the sum of their ∂z, and of their losses.
    private func leafByLeaf(_ step: any ClassifierOperation, _ task: ClassifierTask, _ z: DenseMatrix, _ adam: OptimiserStep)
        -> (DenseMatrix, Double)
    {
        let dz = cpu.tensor(rows: batch, cols: z.cols), part = cpu.tensor(rows: batch, cols: z.cols)
        var sum = 0.0
        for leaf in task.leaves.indices {
            part.host.buffer.fill(.nan)
            sum += step.run(leaf..<leaf + 1, z: z.tensor, step: adam, dz: part).values()[0]
            cpu.add(part, to: dz)
        }
        return (dz.host, sum)
    }

    /// A (batch row, row of the shard, target) entry of the loss.
    private typealias Entry = (row: Int, label: Int, target: Double)

    private func loss(_ kind: ClassifierLossKind, _ entries: [Entry], _ W: Matrix, _ b: Matrix, _ z: Matrix) -> Double {
        entries.reduce(0) { sum, entry in
            let logit = (0..<dims).reduce(b[entry.label, 0]) { $0 + W[entry.label, $1] * z[entry.row, $1] }
            let short = max(0, 1 - (2 * entry.target - 1) * logit)
            switch kind {
            case .bce: return sum + softplus(logit) - entry.target * logit
            case .hinge: return sum + short
            case .squaredHinge: return sum + short * short
            }
        }
    }

    /// Compares what a step did to `shard` (from `start`) and `dz` with the loss of `entries` times `scale`.
    private func compare(
        _ shard: ClassifierShard, _ start: (W: Matrix, b: Matrix, z: Matrix), _ dz: DenseMatrix, found sum: Double,
        _ kind: ClassifierLossKind, _ entries: [Entry], scale: Double
    ) {
        let loss = { (W: Matrix, b: Matrix, z: Matrix) in scale * self.loss(kind, entries, W, b, z) }
        #expect(abs(sum * scale - loss(start.W, start.b, start.z)) < 1e-5)
        let unit = Double(batch)
        // Gradients of a mean over many entries are small: compared as those of the sum over a document's.
        func scaled(_ m: Matrix) -> Matrix {
            var m = m
            for i in m.values.indices { m.values[i] /= scale * unit }
            return m
        }
        expectClose(
            scaled(gradientOfFirstStep(shard.weight, cols: dims)), scaled(gradient(at: start.W) { loss($0, start.b, start.z) }),
            "∂W")
        expectClose(
            scaled(gradientOfFirstStep(shard.bias, cols: 1)), scaled(gradient(at: start.b) { loss(start.W, $0, start.z) }), "∂b")
        expectClose(scaled(Matrix(dz, cols: dims)), scaled(gradient(at: start.z) { loss(start.W, start.b, $0) }), "∂z")
        #expect((0..<batch).allSatisfy { r in (dims..<shard.ld).allSatisfy { dz[r, $0] == 0 } }, "padding of ∂z")
    }

    /// 150 labels are more than a tile; cut into two leaves, the second of which begins within a tile.
    @Test(arguments: [[0, 150], [0, 70, 150], [0, 0, 128, 150]], ClassifierLossKind.allCases)
    func oneVsAll(bounds: [Int], loss: ClassifierLossKind) {
        let shard = classifier(150)
        let z = noise(rows: batch, cols: dims, scale: 2, seed: 3)
        let labelCount = 200
        var g = Generator(state: 11)
        let positives = (0..<batch).map { _ in (0..<150).filter { _ in g.uniform() < 0.05 } }
        // Two labels before the shard's, and some after.
        let truth = CSRMatrix(
            cols: labelCount,
            rows: positives.map { own in ([0, 2] + own.map { $0 + 3 } + [160]).map { (Int32($0), 1) } }, binary: true)
        let start = (W: Matrix(shard.weight.value, cols: dims), b: Matrix(shard.bias.value, cols: 1), z: Matrix(z, cols: dims))
        let task = ClassifierTask(
            classifier: shard, leaves: leaves(bounds), truth: truth, batchSize: batch, loss: loss)
        let step = cpu.oneVsAll(task, precision: .float32)
        step.prepare(docs: (0..<Int32(batch)).map { $0 }, stream: stream)
        let (dz, sum) = leafByLeaf(step, task, z, Adam.dense(learningRate: 0.01, step: 1))
        let positive = Set(positives.enumerated().flatMap { row, own in own.map { row * 150 + $0 } })
        let entries: [Entry] = (0..<batch * 150).map { ($0 / 150, $0 % 150, positive.contains($0) ? 1 : 0) }
        compare(shard, start, dz, found: sum, loss, entries, scale: 1 / Double(batch * labelCount))
    }

    @Test(arguments: [[0, 40], [0, 13, 40]], ClassifierLossKind.allCases)
    func shortlist(bounds: [Int], loss: ClassifierLossKind) {
        let shard = classifier(40)
        let z = noise(rows: batch, cols: dims, scale: 2, seed: 6)
        let docs: [Int32] = [3, 1, 5, 0, 4]
        var g = Generator(state: 12)
        // Label 39 is in no list; some documents have lists outside the shard's labels.
        let both = (0..<6).map { _ in (0..<50).filter { $0 != 42 && g.uniform() < 0.4 } }
        let truth = both.map { $0.filter { $0 % 3 == 0 } }
        let negative = both.map { $0.filter { $0 % 3 != 0 } }
        func matrix(_ lists: [[Int]]) -> CSRMatrix {
            CSRMatrix(cols: 50, rows: lists.map { $0.map { (Int32($0), 1) } }, binary: true)
        }
        let negatives = NegativeShortlists(
            inRange: matrix(negative.map { $0.filter(shard.labels.contains) }), totals: Buffer(negative.map { Int32($0.count) }))
        let sizes = ShortlistSizes(maxPositives: 50, randomNegatives: 0, limit: 50)
        let task = ClassifierTask(
            classifier: shard, leaves: leaves(bounds), truth: matrix(truth), batchSize: batch, loss: loss)
        let step = cpu.shortlists(task, sizes: sizes, negatives: negatives)
        step.prepare(docs: docs, stream: stream)
        let start = (W: Matrix(shard.weight.value, cols: dims), b: Matrix(shard.bias.value, cols: 1), z: Matrix(z, cols: dims))
        let (dz, sum) = leafByLeaf(step, task, z, Adam.lazy(learningRate: 0.01, step: 1))
        let entries: [Entry] = docs.enumerated().flatMap { row, doc in
            both[Int(doc)].filter(shard.labels.contains).map { (row, $0 - 3, $0 % 3 == 0 ? 1 : 0) }
        }
        #expect(step.pairs.count == entries.count && step.pairs.distinctLabels == Set(entries.map(\.label)).count)
        compare(shard, start, dz, found: sum, loss, entries, scale: 1 / Double(batch))
        #expect(
            (0..<dims).allSatisfy { Double(shard.weight.value.host[39, $0]) == start.W[39, $0] }, "a label of no list has changed"
        )
    }

    /// What is drawn for a document does not depend on how labels are cut; nothing is drawn beyond the limit.
    @Test func pairsAreTheSameForAnyCutOfLabels() {
        let labelCount = 300
        let docs: [Int32] = [2, 0, 1, 3]
        let truth = CSRMatrix(cols: labelCount, rows: (0..<4).map { d in (0..<30).map { (Int32($0 * 7 + d), 1) } }, binary: true)
        let negative = (0..<4).map { d in (0..<20).map { Int32($0 * 7 + d + 3) } }
        let sizes = ShortlistSizes(maxPositives: 12, randomNegatives: 60, limit: 70)
        let stream = RandomStreams(seed: 1, module: 3).stream(.negatives, step: 9)
        func count(_ labels: Range<Int>) -> Int {
            let inRange = CSRMatrix(
                cols: labelCount, rows: negative.map { $0.filter { labels.contains(Int($0)) }.map { ($0, 1) } }, binary: true)
            let negatives = NegativeShortlists(inRange: inRange, totals: Buffer(negative.map { Int32($0.count) }))
            let shard = ClassifierShard(labels: labels, dims: 1, hasBias: true, on: cpu)
            let task = ClassifierTask(classifier: shard, leaves: [0..<labels.count], truth: truth, batchSize: 4)
            let step = cpu.shortlists(task, sizes: sizes, negatives: negatives)
            step.prepare(docs: docs, stream: stream)
            return step.pairs.count
        }
        let counts = (0..<labelCount).map { count($0..<$0 + 1) }
        let whole = count(0..<labelCount)
        #expect(counts.reduce(0, +) == whole)
        #expect(whole <= 4 * 70 && whole > 4 * 60)
        #expect(count(100..<180) == counts[100..<180].reduce(0, +))
    }

    /// ∂z of several leaves is a tree of sums whatever the threads; the classifier's step is that of each leaf.
    @Test(arguments: [1, 3], [true, false]) func leavesMeetInATree(threads: Int, hasBias: Bool) {
        let device = CPUDevice(team: ThreadTeam(size: threads)), z = noise(rows: batch, cols: dims, scale: 2, seed: 3)
        let truth = CSRMatrix(cols: 150, rows: (0..<batch).map { row in [(Int32(row * 29), Float(1))] }, binary: true)
        let bounds = [0, 20, 20, 70, 80, 81, 120, 140, 150]
        let shards = (0..<2).map { _ in
            ClassifierShard(labels: 0..<150, dims: dims, hasBias: hasBias, RandomStreams(seed: 4, module: 3), on: cpu)
        }
        let adam = Adam.dense(learningRate: 0.01, step: 1)
        let steps = shards.map { shard in
            let task = ClassifierTask(classifier: shard, leaves: leaves(bounds), truth: truth, batchSize: batch)
            let step = device.oneVsAll(task, precision: .float32)
            step.prepare(docs: (0..<Int32(batch)).map { $0 }, stream: stream)
            return step
        }
        let whole = cpu.tensor(rows: batch, cols: z.cols)
        let losses = steps[0].run(0..<8, z: z.tensor, step: adam, dz: whole).values()
        var parts = (0..<8).map { leaf in
            let part = cpu.tensor(rows: batch, cols: z.cols)
            #expect(steps[1].run(leaf..<leaf + 1, z: z.tensor, step: adam, dz: part).values() == [losses[leaf]])
            return part
        }
        while parts.count > 1 {
            for left in stride(from: 0, to: parts.count, by: 2) { cpu.add(parts[left + 1], to: parts[left]) }
            parts = stride(from: 0, to: parts.count, by: 2).map { parts[$0] }
        }
        #expect(whole.host.buffer.array == parts[0].host.buffer.array)
        for tensors in [\ClassifierShard.weight.value, \.bias.value, \.bias.firstMoment] {
            #expect(shards[0][keyPath: tensors].host.buffer.array == shards[1][keyPath: tensors].host.buffer.array)
        }
        #expect(shards[0].bias.value.host.buffer.array.contains { $0 != 0 } == hasBias)
    }
}
