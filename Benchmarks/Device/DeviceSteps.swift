import DeepXMLModel
import Devices
import Support

/// Training steps and searches of a device at the trainer's shapes, each against the device's own bounds.
struct DeviceSteps {
    let device: any Device
    let bounds: DeviceBounds
    let sizes: BenchSizes
    /// Whether the figures are to reach bars: not at small sizes.
    let hasBars: Bool
    private let batch = 255, dims = 300, ld = 304

    func all() throws {
        for labels in sizes.labels {
            try oneVsAll(labels: labels)
            try bestLabels(labels: labels)
            try shortlist(labels: labels)
        }
        try lstm()
        try transformer()
        try search()
    }

    /// A line: operations a second against the product's.
    private func line(_ what: String, flops: Double, seconds: Double, wanted: String = "–") {
        report(
            what, "\(rounded(seconds * 1e3)) ms, \(rounded(flops / seconds / 1e9)) GFLOP/s",
            "product \(rounded(bounds.product / 1e9)) GFLOP/s", flops / seconds / bounds.product, hasBars ? wanted : "–")
    }

    private func uniform(rows: Int, seed: UInt64) -> Tensor {
        let tensor = device.paddedTensor(rows: rows, dims: dims)
        let stream = RandomStreams(seed: seed, module: 1).stream(.classifierInit, step: 0)
        device.fillUniform(tensor, stream, firstRow: 0, firstColumn: 0, bound: 1)
        return tensor.withPadding
    }

    private func classifier(_ labels: Int) -> ClassifierShard {
        ClassifierShard(labels: 0..<labels, dims: dims, RandomStreams(seed: 1, module: 1), on: device)
    }

    /// Loss, both gradients, and Adam.
    private func oneVsAll(labels: Int) throws {
        let truth = Steps.truth(labels: labels) { $0 * 97 + $1 * 613 }
        let step = device.oneVsAll(
            ClassifierTask(classifier: classifier(labels), leaves: [0..<labels], truth: truth, batchSize: batch),
            precision: .float32)
        step.prepare(docs: Steps.docs, stream: RandomStreams(seed: 1, module: 1).stream(.negatives, step: 0))
        let z = uniform(rows: batch, seed: 2), dz = device.tensor(rows: batch, cols: ld)
        let adam = Adam.dense(learningRate: 0.001, step: 10)
        let seconds = try fewestSeconds(on: device, rounds: sizes.rounds) { _ = step.run(0..<1, z: z, step: adam, dz: dz) }
        line(
            "one-vs-all step, L \(labels)", flops: 6 * Double(batch) * Double(labels) * Double(dims), seconds: seconds,
            wanted: "≥ 0.5")
    }

    private func bestLabels(labels: Int) throws {
        let classifier = classifier(labels), z = uniform(rows: batch, seed: 2)
        let seconds = try fewestSeconds(on: device, rounds: sizes.rounds) { _ = device.bestLabels(classifier, z: z, k: 100) }
        line("one-vs-all top 100, L \(labels)", flops: 2 * Double(batch) * Double(labels) * Double(dims), seconds: seconds)
    }

    /// Against the larger of bytes ÷ bandwidth and operations ÷ the product's.
    private func shortlist(labels: Int) throws {
        let shards = 16, adam = Adam.lazy(learningRate: 0.001, step: 10)
        let task = ClassifierTask(
            classifier: classifier(labels), leaves: (0..<shards).map { labels * $0 / shards..<labels * ($0 + 1) / shards },
            truth: Steps.truth(labels: labels) { $0 * 7919 + $1 * 104_729 }, batchSize: batch)
        let none = CSRMatrix(cols: labels, rows: Array(repeating: [], count: batch), binary: true)
        let step = device.shortlists(
            task, sizes: ShortlistSizes(maxPositives: 20, randomNegatives: 650, limit: 650),
            negatives: NegativeShortlists(inRange: none, totals: Buffer(count: batch)))
        step.prepare(docs: Steps.docs, stream: RandomStreams(seed: 5, module: 3).stream(.negatives, step: 0))
        let z = uniform(rows: batch, seed: 3), dz = device.tensor(rows: batch, cols: ld)
        let seconds = try fewestSeconds(on: device, rounds: sizes.rounds) {
            _ = step.run(0..<shards, z: z, step: adam, dz: dz)
        }
        // W and its moments are read and written for each label that has a pair.
        let count = Double(step.pairs.count), distinct = Double(step.pairs.distinctLabels)
        let bytes = 6 * 4 * Double(dims) * distinct / bounds.bandwidth, flops = 6 * Double(dims) * count / bounds.product
        report(
            "shortlist step, L \(labels)", "\(rounded(seconds * 1e3)) ms, \(rounded(seconds / count * 1e9)) ns a pair",
            bytes > flops
                ? "\(rounded(bytes * 1e3)) ms for its bytes at \(rounded(bounds.bandwidth / 1e9)) GB/s"
                : "\(rounded(flops * 1e3)) ms for its operations at \(rounded(bounds.product / 1e9)) GFLOP/s",
            max(bytes, flops) / seconds, hasBars ? "≥ 0.5" : "–")
    }

    /// Forward and backward, dropout and all.
    private func seconds(of stack: EncoderStack, tokens: (Int) -> Int) throws -> (seconds: Double, tokens: Int) {
        let block = StackBlock(stack, on: device, rows: 0..<sizes.batch, length: tokens)
        return (
            try fewestSeconds(on: device, rounds: sizes.rounds) {
                stack.prepare(training: true)
                block.run()
            }, block.tokens
        )
    }

    private func lstm() throws {
        let layer = LayerDescription(
            kind: "rnn", numbers: ["hidden_size": Double(Recurrent.hidden)], texts: ["cell_type": "LSTM"])
        let stack = try EncoderStack(
            coarse: [layer], fine: [], inputDims: Recurrent.hidden, streams: RandomStreams(seed: 1, module: 1), on: device)
        let (seconds, tokens) = try seconds(of: stack) { 1 + $0 * 17 % 30 }
        line(
            "LSTM step, B \(sizes.batch), hidden \(Recurrent.hidden), \(tokens) tokens",
            flops: Recurrent.flops(tokens: tokens, batch: sizes.batch), seconds: seconds)
    }

    private func transformer() throws {
        let length = 32, stack = try Transformer.stack(on: device)
        let (seconds, tokens) = try seconds(of: stack) { _ in length }
        line(
            "transformer layer, B \(sizes.batch), hidden \(Transformer.hidden), \(length) tokens",
            flops: Transformer.flops(vectors: tokens, length: length), seconds: seconds, wanted: "≥ 0.4 of bf16")
    }

    private func search() throws {
        let search = device.exactSearch(over: uniform(rows: sizes.vectors, seed: 4), firstId: 0)
        let queries = uniform(rows: sizes.queries, seed: 5)
        let seconds = try fewestSeconds(on: device, rounds: sizes.rounds) { _ = try search.topK(queries: queries, k: 100) }
        line(
            "exact search, \(sizes.queries) queries in \(sizes.vectors), top 100",
            flops: 2 * Double(sizes.queries) * Double(sizes.vectors) * Double(ld), seconds: seconds)
    }
}
