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
    private let precision: ClassifierPrecision
    private let device: GPUDevice
    private let g: Tensor
    /// Row tiles × labels.
    private let losses: Tensor
    /// Leaves × (batch·ld).
    private let parts: Tensor
    private var positives: LeafPositives

    init(_ task: ClassifierTask, precision: ClassifierPrecision, on device: GPUDevice) {
        (self.task, classifier, self.precision, self.device) = (task, task.classifier, precision, device)
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

    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses {
        let size = z.rows * classifier.ld, scale = 1 / Float(z.rows * task.truth.cols)
        if size == 0 { return StepLosses(leaves.map { _ in 0 }) }
        let runs = runs(leaves).map { ($0, positives(of: $0)) }
        let corrections = GPULosses(runs.reduce(0) { $0 + $1.1.rows.count }, on: device)
        var corrected: [(leaf: Int, count: Int)] = [], place = 0
        for (run, own) in runs {
            logits(run, z, scale)
            correct(own, run, z, scale, losses: corrections, at: place)
            corrected += own.counts
            place += own.rows.count
            inputGradient(run, z, firstLeaf: leaves.lowerBound)
            update(run, z, step)
        }
        device.run("tree_sum", in: .classifiers, rows: 1, cols: size) { [self] in
            [.memory(parts.gpuMemory), .long(leaves.count), .long(size)] + dz.vector
        }
        let sums = leafLosses(leaves, batch: z.rows)
        return StepLosses { [corrected] in Self.sum(leaves, corrected, corrections.values(), sums.values()) }
    }

    /// - Parameters:
    ///   - corrected: how many of `corrections` are of which leaf, in order.
    ///   - sums: of each leaf, all labels taken for negatives.
    private static func sum(
        _ leaves: Range<Int>, _ corrected: [(leaf: Int, count: Int)], _ corrections: [Float], _ sums: [Float]
    ) -> [Double] {
        var losses = [Double](repeating: 0, count: leaves.count), place = 0
        for (leaf, count) in corrected {
            losses[leaf - leaves.lowerBound] += corrections[place..<place + count].reduce(0) { $0 + Double($1) }
            place += count
        }
        for (leaf, sum) in sums.enumerated() { losses[leaf] += Double(sum) }
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
        device.run("logit_gradients", in: .classifiers, precision, groups: groups, items: Tiles.items) { [self] in
            [.long(z.rows), .long(run.rows.count), .long(classifier.dims)] + z.arguments + weights(run) + biases(run)
                + gradients(run, z).arguments + losses.columns(run.rows).arguments + [.float(scale), .int(task.loss.number)]
        }
    }

    /// The positives of a run: rows of the batch, labels of the run, and how many are of which leaf.
    private typealias Positives = (rows: [Int32], cols: [Int32], counts: [(leaf: Int, count: Int)])

    private func positives(of run: Run) -> Positives {
        var all: Positives = ([], [], [])
        for leaf in run.leaves {
            let own = positives[leaf].filter { run.rows.contains(Int($0.label)) }
            all.rows += own.map(\.row)
            all.cols += own.map { $0.label - Int32(run.rows.lowerBound) }
            all.counts.append((leaf, own.count))
        }
        return all
    }

    /// Gives the positives their gradients, and `losses`, from `place` on, what theirs are more than a negative's.
    private func correct(_ own: Positives, _ run: Run, _ z: Tensor, _ scale: Float, losses: GPULosses, at place: Int) {
        if own.rows.isEmpty { return }
        let device = device
        device.attempt {
            try device.scratch.with(own.rows) { rowNumbers in
                try device.scratch.with(own.cols) { colNumbers in
                    device.run("positive_gradients", in: .classifiers, precision, rows: 1, cols: own.rows.count) { [self] in
                        [.long(own.rows.count), .memory(rowNumbers), .memory(colNumbers), .long(classifier.dims)] + z.arguments
                            + weights(run) + biases(run) + gradients(run, z).arguments
                            + [losses.argument, .long(place), .float(scale), .int(task.loss.number)]
                    }
                }
            }
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
                    "leaf_products", in: .classifiers, precision, groups: GPUExtent(tiles.x, tiles.y, run.leaves.count),
                    items: Tiles.items
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
        device.run("weight_step", in: .classifiers, precision, groups: groups, items: Tiles.items) { [self] in
            [.long(labels), .long(ld), .long(z.rows)] + gradients(run, z).arguments + z.arguments
                + classifier.weight.arguments(from: first * ld) + step.arguments
        }
        device.run("bias_step", in: .classifiers, rows: 1, cols: labels) { [self] in
            [.long(labels), .long(z.rows)] + gradients(run, z).arguments + classifier.bias.arguments(from: first)
                + step.forVectors.arguments + [.int(classifier.hasBias ? 1 : 0)]
        }
    }

    private func leafLosses(_ leaves: Range<Int>, batch: Int) -> GPULosses {
        let sums = GPULosses(leaves.count, on: device), device = device
        let starts = leaves.map { Int64(task.leaves[$0].lowerBound) } + [Int64(task.leaves[leaves.upperBound - 1].upperBound)]
        device.attempt {
            try device.scratch.with(starts) { starts in
                device.run("leaf_losses", in: .classifiers, groups: GPUExtent(leaves.count), items: GPUExtent(256)) { [self] in
                    losses.arguments + [.long(Tiles.groups(rows: batch, cols: 1).y), .memory(starts), sums.argument]
                }
            }
        }
        return sums
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
