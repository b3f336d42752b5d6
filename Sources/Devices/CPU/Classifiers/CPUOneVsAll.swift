import Kernels
import Support

/// The one-vs-all step, fused by tiles of labels: the optimiser runs while a tile is in cache.
final class CPUOneVsAll: ClassifierOperation, @unchecked Sendable {
    /// Labels a tile: B×tile logits and tile×D weights stay in the second-level cache.
    private static let tile = 128
    private let task: ClassifierTask
    private let classifier: ClassifierShard
    private let precision: ClassifierPrecision
    private let leafSums: LeafSums
    private let tiles: BufferPool
    private let gradients: BufferPool
    private let packed: BufferPool
    private var positives: LeafPositives

    init(_ task: ClassifierTask, precision: ClassifierPrecision, on device: CPUDevice) {
        self.task = task
        classifier = task.classifier
        self.precision = precision
        let ld = classifier.ld
        leafSums = LeafSums(rows: task.batchSize, cols: ld, on: device)
        tiles = BufferPool(length: task.batchSize * Self.tile)
        gradients = BufferPool(length: Self.tile * (ld + 1))
        packed = BufferPool(
            length: BFloat16Products.Memory.length(classifier: classifier, batch: task.batchSize, tile: Self.tile))
        positives = LeafPositives(task)
    }

    func prepare(docs: [Int32], stream: RandomStream) { positives.collect(docs, task) }

    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses {
        let losses = Buffer<Double>(count: leaves.count), positives = positives
        leafSums.sum(leaves, into: dz.room(rows: task.batchSize, cols: classifier.ld)) { [self] leaf, out in
            let leafTask = Leaf(
                rows: task.leaves[leaf], z: z, positives: positives[leaf], dz: out.pointer, step: step.kernel,
                biasStep: step.forVectors.kernel)
            losses[leaf - leaves.lowerBound] = run(leafTask)
            if !classifier.hasBias { classifier.clearBias(leafTask.rows) }
        }
        return StepLosses(losses.array)
    }

    /// One leaf's part of a step.
    private struct Leaf {
        /// Of the shard.
        let rows: Range<Int>
        let z: Tensor
        let positives: ArraySlice<LabelEntry>
        let dz: UnsafeMutablePointer<Float>
        let step: dx_adam, biasStep: dx_adam

        var batch: Int { z.rows }
    }

    private func run(_ leaf: Leaf) -> Double {
        if leaf.rows.isEmpty || leaf.batch == 0 {
            leaf.dz.update(repeating: 0, count: leaf.batch * classifier.ld)
            return 0
        }
        switch precision {
        case .float32: return run(leaf, Float32Products(classifier: classifier, z: leaf.z.pointer, batch: leaf.batch))
        case .bfloat16:
            return packed.with { buffer in
                let memory = BFloat16Products.Memory(buffer, classifier: classifier, batch: task.batchSize, tile: Self.tile)
                return run(leaf, BFloat16Products(classifier: classifier, z: leaf.z.pointer, batch: leaf.batch, memory: memory))
            }
        }
    }

    private func run(_ leaf: Leaf, _ products: some TileProducts) -> Double {
        var sum = 0.0
        for from in stride(from: leaf.rows.lowerBound, to: leaf.rows.upperBound, by: Self.tile) {
            let tile = from..<min(from + Self.tile, leaf.rows.upperBound)
            tiles.with { logits in
                let g = logits.pointer
                products.logits(tile, into: g)
                let loss = LossTile(
                    loss: task.loss, logits: g, batch: leaf.batch, labels: tile, bias: classifier.bias.value.row(tile.lowerBound),
                    positives: leaf.positives)
                sum += loss.gradientInPlace(scale: 1 / Float(leaf.batch * task.truth.cols))
                products.inputGradient(tile, g, into: leaf.dz, accumulate: from > leaf.rows.lowerBound)
                gradients.with { gradient in
                    products.weightGradient(tile, g, into: gradient.pointer)
                    update(tile, g, gradient: gradient.pointer, leaf)
                }
            }
        }
        return sum
    }

    private func update(_ tile: Range<Int>, _ g: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, _ leaf: Leaf) {
        let ld = classifier.ld, width = tile.count
        classifier.weight.update(tile.lowerBound * ld..<tile.upperBound * ld, gradient, leaf.step)
        let sums = gradient + width * ld
        dx_column_sums(g, leaf.batch, width, width, sums)
        classifier.bias.update(tile, sums, leaf.biasStep)
    }
}

extension Parameter {
    /// One step of the optimiser on the elements `range` (row-major), whose gradients `gradient` begins with.
    fileprivate func update(_ range: Range<Int>, _ gradient: UnsafePointer<Float>, _ step: dx_adam) {
        dx_adam_update(
            value.pointer + range.lowerBound, firstMoment.pointer + range.lowerBound, secondMoment.pointer + range.lowerBound,
            gradient, range.count, step)
    }
}

/// A label of a document of the batch: the batch's row, and the row of the shard.
typealias LabelEntry = (row: Int32, label: Int32)

/// The batch's positives of each leaf, in the order of rows.
struct LeafPositives {
    private var lists: [[LabelEntry]]
    /// Of each row of the shard; −1: none.
    private let leafOfRow: [Int32]

    init(_ task: ClassifierTask) {
        lists = Array(repeating: [], count: task.leaves.count)
        var leafOfRow = [Int32](repeating: -1, count: task.classifier.labels.count)
        for (leaf, rows) in task.leaves.enumerated() { for row in rows { leafOfRow[row] = Int32(leaf) } }
        self.leafOfRow = leafOfRow
    }

    subscript(leaf: Int) -> ArraySlice<LabelEntry> { lists[leaf][...] }

    mutating func collect(_ docs: [Int32], _ task: ClassifierTask) {
        for leaf in lists.indices { lists[leaf].removeAll(keepingCapacity: true) }
        let labels = task.classifier.labels
        for (row, doc) in docs.enumerated() {
            for label in task.truth.columns(Int(doc)) where labels.contains(Int(label)) {
                let place = Int(label) - labels.lowerBound
                if leafOfRow[place] >= 0 { lists[Int(leafOfRow[place])].append((Int32(row), Int32(place))) }
            }
        }
    }
}
