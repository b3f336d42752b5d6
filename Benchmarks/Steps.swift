import COpenBLAS
import DeepXMLModel
import Devices
import Support

/// Training steps at the trainer's shapes, each against a bound measured beside it on one core.
enum Steps {
    static let batch = 255, dims = 300, ld = 304, perDocument = 650
    static let device = CPUDevice(team: ThreadTeam(size: 1))

    static func activations(_ seed: UInt32) -> DenseMatrix {
        let rows = device.paddedTensor(rows: batch, dims: dims)
        let stream = RandomStreams(seed: UInt64(seed), module: 1).stream(.classifierInit, step: 0)
        device.fillUniform(rows, stream, firstRow: 0, firstColumn: 0, bound: 1)
        return device.matrix(rows.withPadding)
    }

    static let docs = (0..<Int32(batch)).map { $0 }

    /// Six labels of each of the batch's documents.
    static func truth(labels: Int, _ label: (_ row: Int, _ i: Int) -> Int) -> CSRMatrix {
        CSRMatrix(
            cols: labels,
            rows: (0..<batch).map { row in Set((0..<6).map { Int32(label(row, $0) % labels) }).sorted().map { ($0, 1) } },
            binary: true)
    }

    private static func sgemm(_ z: DenseMatrix, _ classifier: ClassifierShard, _ logits: DenseMatrix) {
        let labels = Int32(classifier.labels.count)
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(batch), labels, Int32(dims), 1, z.pointer, Int32(ld),
            device.matrix(classifier.weight.value).pointer, Int32(ld), 0, logits.pointer, labels)
    }

    /// Flop/s of the one-vs-all step (loss, both gradients, Adam) against those of bare sgemm of the same shape; and its
    /// speed with bfloat16 inputs against that.
    static func oneVsAll(labels: Int) {
        let classifier = ClassifierShard(labels: 0..<labels, dims: dims, RandomStreams(seed: 1, module: 1), on: device)
        let z = activations(2), input = device.tensor(z), dz = device.tensor(rows: batch, cols: ld)
        let logits = DenseMatrix(rows: batch, cols: labels)
        let truth = truth(labels: labels) { $0 * 97 + $1 * 613 }, adam = Adam.dense(learningRate: 0.001, step: 10)
        let task = ClassifierTask(classifier: classifier, leaves: [0..<labels], truth: truth, batchSize: batch)
        let steps = ClassifierPrecision.allCases.map { precision in
            let step = device.oneVsAll(task, precision: precision)
            step.prepare(docs: docs, stream: RandomStreams(seed: 1, module: 1).stream(.negatives, step: 0))
            return { _ = step.run(0..<1, z: input, step: adam, dz: dz) }
        }
        let seconds = fewestCPUSeconds(rounds: labels > 10_000 ? 5 : 15, steps + [{ sgemm(z, classifier, logits) }])
        let flops = 2 * Double(batch) * Double(labels) * Double(dims)
        let (own, bound) = (3 * flops / seconds[0] / 1e9, flops / seconds[2] / 1e9)
        report(
            "one-vs-all step, L \(labels)", "\(rounded(own)) GFLOP/s", "sgemm \(rounded(bound)) GFLOP/s", own / bound, "≥ 0.7")
        report(
            "the same in bfloat16", "\(rounded(3 * flops / seconds[1] / 1e9)) GFLOP/s", "in float32 \(rounded(own)) GFLOP/s",
            seconds[0] / seconds[1], "≥ 0.9 (1.2 on AMD)")
    }

    /// Flop/s of the 100 best labels of each document of a batch against those of bare sgemm of the same shape.
    static func oneVsAllTopK(labels: Int) {
        let classifier = ClassifierShard(labels: 0..<labels, dims: dims, RandomStreams(seed: 1, module: 1), on: device)
        let z = activations(2), logits = DenseMatrix(rows: batch, cols: labels)
        let input = device.tensor(z)
        let seconds = fewestCPUSeconds(
            rounds: labels > 10_000 ? 5 : 15,
            [{ _ = device.bestLabels(classifier, z: input, k: 100) }, { sgemm(z, classifier, logits) }])
        let flops = 2 * Double(batch) * Double(labels) * Double(dims)
        report(
            "one-vs-all top 100, L \(labels)", "\(rounded(flops / seconds[0] / 1e9)) GFLOP/s",
            "sgemm \(rounded(flops / seconds[1] / 1e9)) GFLOP/s", seconds[1] / seconds[0], "≥ 0.7")
    }

    /// Seconds of a shortlist step against the larger of bytes ÷ copy bandwidth and flops ÷ sgemm's flop/s.
    static func shortlist(labels: Int) {
        let classifier = ClassifierShard(labels: 0..<labels, dims: dims, RandomStreams(seed: 1, module: 3), on: device)
        let sizes = ShortlistSizes(maxPositives: 20, randomNegatives: perDocument, limit: perDocument)
        // As in training: one virtual shard after the other.
        let shards = labels > 10_000 ? 64 : 32
        let task = ClassifierTask(
            classifier: classifier, leaves: (0..<shards).map { labels * $0 / shards..<labels * ($0 + 1) / shards },
            truth: truth(labels: labels) { $0 * 7919 + $1 * 104_729 }, batchSize: batch)
        let none = CSRMatrix(cols: labels, rows: Array(repeating: [], count: batch), binary: true)
        let step = device.shortlists(
            task, sizes: sizes, negatives: NegativeShortlists(inRange: none, totals: Buffer(count: batch)))
        step.prepare(docs: docs, stream: RandomStreams(seed: 5, module: 3).stream(.negatives, step: 0))
        let z = activations(3), input = device.tensor(z), dz = device.tensor(rows: batch, cols: ld),
            adam = Adam.lazy(learningRate: 0.001, step: 10)
        let big = Buffer<UInt8>(count: 256 << 20), copy = Buffer<UInt8>(count: 256 << 20)
        big.fill(1)
        let weights = DenseMatrix(rows: 4000, cols: ld), logits = DenseMatrix(rows: batch, cols: 4000)
        weights.buffer.fill(0.5)
        let seconds = fewestCPUSeconds(
            rounds: labels > 10_000 ? 5 : 15,
            [
                { for shard in 0..<shards { _ = step.run(shard..<shard + 1, z: input, step: adam, dz: dz) } },
                { copy.copy(from: big) },
                {
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(batch), 4000, Int32(dims), 1, z.pointer, Int32(ld),
                        weights.pointer, Int32(ld), 0, logits.pointer, 4000)
                },
            ])
        let count = Double(step.pairs.count), distinct = Double(step.pairs.distinctLabels)
        // A copy reads and writes each byte.
        let bandwidth = 2 * Double(big.count) / seconds[1], peak = 2 * Double(batch) * 4000 * Double(dims) / seconds[2]
        let bytes = 6 * 4 * Double(dims) * distinct / bandwidth, flops = 6 * Double(dims) * count / peak
        report(
            "shortlist step, L \(labels)", "\(rounded(seconds[0] * 1e3)) ms, \(rounded(seconds[0] / count * 1e9)) ns a pair",
            bytes > flops
                ? "\(rounded(bytes * 1e3)) ms for its bytes at \(rounded(bandwidth / 1e9)) GB/s"
                : "\(rounded(flops * 1e3)) ms for its flops at \(rounded(peak / 1e9)) GFLOP/s",
            max(bytes, flops) / seconds[0], "≥ 0.5")
    }
}
