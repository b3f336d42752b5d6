import Support

/// The one-vs-all step by runs of labels, each a few large kernels; the B×L matrix never exists.
///
/// A run is of whole leaves, or of a part of one that is too long: ∂z of each leaf is one chain over its labels, and the leaves'
/// parts meet in the tree of `LeafSums`, so that the bits are the CPU's.
final class GPUOneVsAll: ClassifierOperation, @unchecked Sendable {
    /// Labels of a run, at most.
    private static let mostLabels = 16_384
    private let task: ClassifierTask
    private let classifier: ClassifierShard
    private let device: GPUDevice
    private let g: Tensor
    /// Row tiles × labels.
    private let losses: Tensor
    /// Leaves × (batch·ld).
    private let parts: Tensor
    private var positives: LeafPositives

    init(_ task: ClassifierTask, on device: GPUDevice) {
        (self.task, classifier, self.device) = (task, task.classifier, device)
        let labels = task.classifier.labels.count
        g = device.tensor(rows: task.batchSize, cols: max(1, min(labels, Self.mostLabels)))
        losses = device.tensor(rows: max(1, Tiles.groups(rows: task.batchSize, cols: 1).y), cols: max(1, labels))
        parts = device.tensor(rows: max(1, task.leaves.count), cols: task.batchSize * task.classifier.ld)
        positives = LeafPositives(task)
    }

    func prepare(docs: [Int32], stream: RandomStream) { positives.collect(docs, task) }

    /// Labels that are worked on together: rows of the shard, of some leaves.
    private struct Run {
        var leaves: Range<Int>
        var rows: Range<Int>
        /// A part of a leaf behind its first.
        var continues = false
    }

    private func runs(_ leaves: Range<Int>) -> [Run] {
        var runs: [Run] = []
        for leaf in leaves {
            let rows = task.leaves[leaf]
            if let last = runs.last, last.rows.upperBound == rows.lowerBound, last.rows.count + rows.count <= Self.mostLabels {
                runs[runs.count - 1].leaves = last.leaves.lowerBound..<leaf + 1
                runs[runs.count - 1].rows = last.rows.lowerBound..<rows.upperBound
                continue
            }
            for from in stride(from: rows.lowerBound, to: max(rows.upperBound, rows.lowerBound + 1), by: Self.mostLabels) {
                runs.append(
                    Run(
                        leaves: leaf..<leaf + 1, rows: from..<min(from + Self.mostLabels, rows.upperBound),
                        continues: from > rows.lowerBound))
            }
        }
        return runs
    }

    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> [Double] {
        let size = z.rows * classifier.ld
        if size == 0 { return leaves.map { _ in 0 } }
        var losses = [Double](repeating: 0, count: leaves.count)
        for run in runs(leaves) {
            let scale = 1 / Float(z.rows * task.truth.cols)
            logits(run, z, scale)
            correctPositives(run, z, scale) { losses[$0 - leaves.lowerBound] += $1 }
            inputGradient(run, z, firstLeaf: leaves.lowerBound)
            update(run, z, step)
        }
        device.run("tree_sum", in: .classifiers, rows: 1, cols: size) { [self] in
            [.memory(parts.gpuMemory), .long(leaves.count), .long(size)] + dz.vector
        }
        for (leaf, sum) in leafLosses(leaves, batch: z.rows).enumerated() { losses[leaf] += Double(sum) }
        return losses
    }

    /// The logits' gradients of a run: batch×labels.
    private func gradients(_ run: Run, _ z: Tensor) -> Tensor {
        Tensor(g.memory, offset: g.offset, rows: z.rows, cols: max(1, run.rows.count))
    }

    private func weights(_ run: Run) -> [GPUArgument] { classifier.weight.value.rows(run.rows).arguments }
    private func biases(_ run: Run) -> [GPUArgument] { classifier.bias.value.rows(run.rows).vector }

    private func logits(_ run: Run, _ z: Tensor, _ scale: Float) {
        if run.rows.isEmpty { return }
        let groups = Tiles.groups(rows: z.rows, cols: run.rows.count)
        device.run("logit_gradients", in: .classifiers, groups: groups, items: Tiles.items) { [self] in
            [.long(z.rows), .long(run.rows.count), .long(classifier.dims)] + z.arguments + weights(run) + biases(run)
                + gradients(run, z).arguments + losses.columns(run.rows).arguments + [.float(scale), .int(task.loss.number)]
        }
    }

    /// - Parameter add: is told of losses, by leaf.
    private func correctPositives(_ run: Run, _ z: Tensor, _ scale: Float, add: (Int, Double) -> Void) {
        var rows: [Int32] = [], cols: [Int32] = [], counts: [(leaf: Int, count: Int)] = []
        for leaf in run.leaves {
            let own = positives[leaf].filter { run.rows.contains(Int($0.label)) }
            rows += own.map(\.row)
            cols += own.map { $0.label - Int32(run.rows.lowerBound) }
            counts.append((leaf, own.count))
        }
        if rows.isEmpty { return }
        let sums = Buffer<Float>(count: rows.count), device = device
        device.attempt {
            try device.scratch.with(rows) { rowNumbers in
                try device.scratch.with(cols) { colNumbers in
                    try device.scratch.with(bytes: sums.byteCount) { memory in
                        device.run("positive_gradients", in: .classifiers, rows: 1, cols: rows.count) { [self] in
                            [.long(rows.count), .memory(rowNumbers), .memory(colNumbers), .long(classifier.dims)] + z.arguments
                                + weights(run) + biases(run) + gradients(run, z).arguments
                                + [.memory(memory), .float(scale), .int(task.loss.number)]
                        }
                        try device.backend.read(memory, at: 0, into: UnsafeMutableRawBufferPointer(sums.bytes))
                    }
                }
            }
        }
        var place = 0
        for (leaf, count) in counts {
            add(leaf, sums[place..<place + count].reduce(0) { $0 + Double($1) })
            place += count
        }
    }

    private func inputGradient(_ run: Run, _ z: Tensor, firstLeaf: Int) {
        let ld = classifier.ld, first = run.rows.lowerBound
        let starts =
            run.leaves.count == 1
            ? [0, Int64(run.rows.count)]
            : run.leaves.map { Int64(task.leaves[$0].lowerBound - first) } + [Int64(run.rows.count)]
        let tiles = Tiles.groups(rows: z.rows, cols: ld), device = device
        device.attempt {
            try device.scratch.with(starts) { starts in
                device.run(
                    "leaf_products", in: .classifiers, groups: GPUExtent(tiles.x, tiles.y, run.leaves.count), items: Tiles.items
                ) { [self] in
                    [.long(z.rows), .long(ld), .memory(starts)] + gradients(run, z).arguments
                        + classifier.weight.value.rows(run.rows).arguments
                        + [.memory(parts.gpuMemory), .long((run.leaves.lowerBound - firstLeaf) * z.rows * ld)]
                        + [.int(run.continues ? 1 : 0)]
                }
            }
        }
    }

    private func update(_ run: Run, _ z: Tensor, _ step: OptimiserStep) {
        if run.rows.isEmpty { return }
        let ld = classifier.ld, labels = run.rows.count, first = run.rows.lowerBound
        let groups = Tiles.groups(rows: labels, cols: ld)
        device.run("weight_step", in: .classifiers, groups: groups, items: Tiles.items) { [self] in
            [.long(labels), .long(ld), .long(z.rows)] + gradients(run, z).arguments + z.arguments
                + classifier.weight.arguments(from: first * ld) + step.arguments
        }
        device.run("bias_step", in: .classifiers, rows: 1, cols: labels) { [self] in
            [.long(labels), .long(z.rows)] + gradients(run, z).arguments + classifier.bias.arguments(from: first)
                + step.forVectors.arguments + [.int(classifier.hasBias ? 1 : 0)]
        }
    }

    private func leafLosses(_ leaves: Range<Int>, batch: Int) -> [Float] {
        let sums = Buffer<Float>(count: leaves.count), device = device
        let starts = leaves.map { Int64(task.leaves[$0].lowerBound) } + [Int64(task.leaves[leaves.upperBound - 1].upperBound)]
        device.attempt {
            try device.scratch.with(starts) { starts in
                try device.scratch.with(bytes: sums.byteCount) { memory in
                    device.run(
                        "leaf_losses", in: .classifiers, groups: GPUExtent(leaves.count), items: GPUExtent(256)
                    ) { [self] in
                        losses.arguments
                            + [.long(Tiles.groups(rows: batch, cols: 1).y), .memory(starts), .memory(memory)]
                    }
                    try device.backend.read(memory, at: 0, into: UnsafeMutableRawBufferPointer(sums.bytes))
                }
            }
        }
        return sums.array
    }
}

extension ClassifierLossKind {
    /// As the kernels number them.
    var number: Int {
        switch self {
        case .bce: 0
        case .hinge: 1
        case .squaredHinge: 2
        }
    }
}
