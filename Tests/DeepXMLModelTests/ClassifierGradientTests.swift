import DeepXMLModel
import Foundation
import Support
import Testing

/// Gradients of each loss by W, bias and z, one-vs-all and over shortlists, against central differences of the loss in double precision.
@Suite struct ClassifierGradientTests {
    let batch = 5, dims = 7

    /// A classifier of the labels 3 ..< 3 + count, with larger weights than at the start.
    private func classifier(_ count: Int) -> ClassifierShard {
        let shard = ClassifierShard(labels: 3..<3 + count, dims: dims, RandomStreams(seed: 4, module: 3), on: cpu)
        for i in 0..<count * shard.ld { shard.weight.value.host.pointer[i] *= 3 }
        return shard
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
        let positives = (0..<batch).flatMap { row in
            (0..<150).filter { _ in g.uniform() < 0.05 }.map { (row: Int32(row), label: Int32($0)) }
        }
        let start = (W: Matrix(shard.weight.value, cols: dims), b: Matrix(shard.bias.value, cols: 1), z: Matrix(z, cols: dims))
        let step = OneVsAllStep(classifier: shard, labelCount: labelCount, batchSize: batch, loss: loss)
        let dz = DenseMatrix(rows: batch, cols: shard.ld)
        let part = DenseMatrix(rows: batch, cols: shard.ld)
        var sum = 0.0
        for rows in zip(bounds, bounds.dropFirst()).map({ $0..<$1 }) {
            part.buffer.fill(.nan)
            sum += step.run(
                rows: rows, z: z.pointer, batch: batch, positives: positives[...], adam: Adam.dense(learningRate: 0.01, step: 1),
                dz: part.pointer)
            accumulate(part.pointer, into: dz.pointer, count: batch * shard.ld)
        }
        let positive = Set(positives.map { Int($0.row) * 150 + Int($0.label) })
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
        let pairs = LabelPairs(labels: shard.labels, labelCount: 50, batchSize: batch, sizes: sizes)
        pairs.assemble(
            docs: docs, labels: matrix(truth), negatives: negatives,
            stream: RandomStreams(seed: 1, module: 3).stream(.negatives, step: 0))
        let start = (W: Matrix(shard.weight.value, cols: dims), b: Matrix(shard.bias.value, cols: 1), z: Matrix(z, cols: dims))
        let dz = DenseMatrix(rows: batch, cols: shard.ld)
        let part = DenseMatrix(rows: batch, cols: shard.ld)
        var sum = 0.0
        for rows in zip(bounds, bounds.dropFirst()).map({ $0..<$1 }) {
            part.buffer.fill(.nan)
            sum += ShortlistStep(classifier: shard, loss: loss).run(
                rows: rows, z: z.pointer, batch: batch, pairs: pairs, adam: Adam.lazy(learningRate: 0.01, step: 1),
                dz: part.pointer)
            accumulate(part.pointer, into: dz.pointer, count: batch * shard.ld)
        }
        let entries: [Entry] = docs.enumerated().flatMap { row, doc in
            both[Int(doc)].filter(shard.labels.contains).map { (row, $0 - 3, $0 % 3 == 0 ? 1 : 0) }
        }
        #expect(pairs.count == entries.count)
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
            let pairs = LabelPairs(labels: labels, labelCount: labelCount, batchSize: 4, sizes: sizes)
            pairs.assemble(docs: docs, labels: truth, negatives: negatives, stream: stream)
            return pairs.count
        }
        let counts = (0..<labelCount).map { count($0..<$0 + 1) }
        let whole = count(0..<labelCount)
        #expect(counts.reduce(0, +) == whole)
        #expect(whole <= 4 * 70 && whole > 4 * 60)
        #expect(count(100..<180) == counts[100..<180].reduce(0, +))
    }
}
