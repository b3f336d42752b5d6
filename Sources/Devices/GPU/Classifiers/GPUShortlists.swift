import Support

/// The shortlist step: the pairs of a batch are put together on the host, and worked on by four kernels.
///
/// Pairs are summed in the CPU's order: a label's in the batch's, a document's by ascending label within a leaf, the leaves in the tree
/// of `LeafSums`.
final class GPUShortlists: ShortlistOperation, @unchecked Sendable {
    private let task: ClassifierTask
    private let classifier: ClassifierShard
    private let device: GPUDevice
    private let lists: LabelPairs
    private var batch = PairArrays()
    private let memory: PairMemory
    var negatives: NegativeShortlists

    init(_ task: ClassifierTask, sizes: ShortlistSizes, negatives: NegativeShortlists, on device: GPUDevice) {
        (self.task, classifier, self.device, self.negatives) = (task, task.classifier, device, negatives)
        lists = LabelPairs(
            labels: task.classifier.labels, labelCount: task.truth.cols, batchSize: task.batchSize, sizes: sizes)
        memory = PairMemory(device.backend)
    }

    var pairs: (count: Int, distinctLabels: Int) { (lists.count, lists.distinctLabels) }

    func prepare(docs: [Int32], stream: RandomStream) {
        lists.assemble(docs: docs, truth: task.truth, negatives: negatives, stream: stream.kernel)
        upload(docs.count)
    }

    func prepare(docs: [Int32], stream: RandomStream, random: RandomLabels) {
        lists.assemble(docs: docs, truth: task.truth, negatives: negatives, stream: stream.kernel, random: random)
        upload(docs.count)
    }

    func randomLabels(docs: [Int32], stream: RandomStream) -> RandomLabels {
        lists.randomLabels(docs: docs, truth: task.truth, negatives: negatives, stream: stream.kernel)
    }

    private func upload(_ documents: Int) {
        batch = PairArrays(lists, labels: classifier.labels.count, documents: documents)
        let batch = batch, memory = memory
        device.attempt { try memory.hold(batch) }
    }

    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses {
        let rows = task.leaves[leaves.lowerBound].lowerBound..<task.leaves[leaves.upperBound - 1].upperBound
        let active = batch.active(rows), pairs = Int(batch.starts[active.lowerBound])..<Int(batch.starts[active.upperBound])
        gradients(pairs, z)
        inputGradient(leaves, rows, z, dz)
        update(active, z, step)
        return losses(leaves)
    }

    private func gradients(_ pairs: Range<Int>, _ z: Tensor) {
        if pairs.isEmpty { return }
        device.run("pair_gradients", in: .shortlists, groups: Lanes.groups(pairs.count), items: Lanes.items) { [self] in
            [.long(pairs.lowerBound), .long(pairs.count), .memory(memory.pairs), .memory(memory.labels), .long(classifier.ld)]
                + z.arguments + classifier.weight.value.vector + classifier.bias.value.vector
                + [.memory(memory.g), .memory(memory.losses), .float(1 / Float(z.rows)), .int(task.loss.number)]
        }
    }

    private func inputGradient(_ leaves: Range<Int>, _ rows: Range<Int>, _ z: Tensor, _ dz: Tensor) {
        let ends = leaves.map { Int32(task.leaves[$0].upperBound) }, device = device
        device.attempt {
            try device.scratch.with(ends) { ends in
                device.run("document_gradients", in: .shortlists, rows: z.rows, cols: classifier.ld) { [self] in
                    [.long(z.rows), .long(classifier.ld), .memory(memory.places), .memory(memory.order), .memory(memory.labels)]
                        + [.memory(memory.g), .memory(ends), .long(leaves.count), .int(rows.lowerBound)]
                        + classifier.weight.value.vector + dz.arguments
                }
            }
        }
    }

    private func update(_ active: Range<Int>, _ z: Tensor, _ step: OptimiserStep) {
        let first: [GPUArgument] = [.long(active.lowerBound), .long(active.count)]
        device.run("label_step", in: .shortlists, rows: active.count, cols: classifier.ld) { [self] in
            first + [.memory(memory.ids), .memory(memory.starts), .memory(memory.pairs), .memory(memory.g)] + z.arguments
                + [.long(classifier.ld)] + classifier.weight.arguments(from: 0) + step.arguments
        }
        if active.isEmpty { return }
        device.run("label_bias_step", in: .shortlists, rows: 1, cols: active.count) { [self] in
            first + [.memory(memory.ids), .memory(memory.starts), .memory(memory.g)] + classifier.bias.arguments(from: 0)
                + step.arguments + [.int(classifier.hasBias ? 1 : 0)]
        }
    }

    private func losses(_ leaves: Range<Int>) -> StepLosses {
        let starts =
            leaves.map { batch.firstPair(of: task.leaves[$0].lowerBound) }
            + [batch.firstPair(of: task.leaves[leaves.upperBound - 1].upperBound)]
        let sums = GPULosses(leaves.count, on: device), device = device
        device.attempt {
            try device.scratch.with(starts) { starts in
                device.run("leaf_losses", in: .classifiers, groups: GPUExtent(leaves.count), items: GPUExtent(256)) { [self] in
                    [.memory(memory.losses), .long(0), .long(0), .long(1), .memory(starts), sums.argument]
                }
            }
        }
        return StepLosses { sums.values().map(Double.init) }
    }
}

/// The pairs of a batch by label and by document.
private struct PairArrays {
    /// By label: row · 2 + target, and the label.
    var pairs: [Int32] = [], labels: [Int32] = []
    /// The labels with pairs, ascending, and where their pairs begin; one more at the end.
    var ids: [Int32] = [], starts: [Int32] = [0]
    /// Numbers of pairs by document, each document's by ascending label, and where a document's begin.
    var order: [Int32] = [], places: [Int32] = [0]

    init() {}

    init(_ lists: LabelPairs, labels count: Int, documents: Int) {
        let total = lists.count
        pairs = lists.sorted[0..<total].map { Int32($0) }
        labels = [Int32](repeating: 0, count: total)
        starts = []
        for label in 0..<count where lists.starts[label] < lists.starts[label + 1] {
            ids.append(Int32(label))
            starts.append(Int32(lists.starts[label]))
            for pair in Int(lists.starts[label])..<Int(lists.starts[label + 1]) { labels[pair] = Int32(label) }
        }
        starts.append(Int32(total))
        sortByDocument(documents)
    }

    /// A counting sort, stable.
    private mutating func sortByDocument(_ documents: Int) {
        places = [Int32](repeating: 0, count: documents + 1)
        for pair in pairs { places[Int(pair / 2) + 1] += 1 }
        for row in 0..<documents { places[row + 1] += places[row] }
        var next = places
        order = [Int32](repeating: 0, count: pairs.count)
        for (number, pair) in pairs.enumerated() {
            order[Int(next[Int(pair / 2)])] = Int32(number)
            next[Int(pair / 2)] += 1
        }
    }

    /// Which of `ids` are labels of a run.
    func active(_ rows: Range<Int>) -> Range<Int> { place(of: rows.lowerBound)..<place(of: rows.upperBound) }

    func firstPair(of label: Int) -> Int64 { Int64(starts[place(of: label)]) }

    /// How many of the labels with pairs are smaller.
    private func place(of label: Int) -> Int {
        var low = 0, high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < label { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The same in the device's memory, which grows with the largest batch.
private final class PairMemory {
    private let backend: any GPUBackend
    private var held: [any GPUMemory] = []

    init(_ backend: any GPUBackend) { self.backend = backend }

    var pairs: any GPUMemory { held[0] }
    var labels: any GPUMemory { held[1] }
    var ids: any GPUMemory { held[2] }
    var starts: any GPUMemory { held[3] }
    var order: any GPUMemory { held[4] }
    var places: any GPUMemory { held[5] }
    /// Of each pair: its gradient, and its loss.
    var g: any GPUMemory { held[6] }
    var losses: any GPUMemory { held[7] }

    func hold(_ batch: PairArrays) throws {
        let arrays = [batch.pairs, batch.labels, batch.ids, batch.starts, batch.order, batch.places]
        let bytes = arrays.map { 4 * $0.count } + [4 * batch.pairs.count, 4 * batch.pairs.count]
        if held.count != bytes.count || zip(held, bytes).contains(where: { $0.bytes < $1 }) {
            held = try bytes.map { try backend.allocate(bytes: max(1024, $0 + $0 / 4)) }
        }
        for (memory, array) in zip(held, arrays) { try array.withUnsafeBytes { try backend.write($0, to: memory, at: 0) } }
    }
}
