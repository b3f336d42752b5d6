import Devices
import Kernels

/// The `full` loss: on all B×L logits, mean over all entries; fused by tiles of labels.
///
/// For a tile: logits = Z Wᵀ, the loss's gradient G in place (σ − y for cross-entropy), ∂W = Gᵀ Z, ∂Z += G W, the
/// optimiser while the tile is in cache. The B×L matrix never exists.
public struct OneVsAllStep: Sendable {
    /// Labels a tile: B×tile logits and tile×D weights stay in the second-level cache.
    static let tile = 128
    public let classifier: ClassifierShard
    /// Labels over all shards.
    public let labelCount: Int
    public let loss: ClassifierLossKind
    /// What is multiplied.
    public let precision: ClassifierPrecision
    private let tiles: BufferPool
    private let gradients: BufferPool
    private let packed: BufferPool
    private let batchSize: Int

    public init(
        classifier: ClassifierShard, labelCount: Int, batchSize: Int, loss: ClassifierLossKind = .bce,
        precision: ClassifierPrecision = .float32
    ) {
        self.classifier = classifier
        self.labelCount = labelCount
        self.batchSize = batchSize
        self.loss = loss
        self.precision = precision
        tiles = BufferPool(length: batchSize * Self.tile)
        gradients = BufferPool(length: Self.tile * (classifier.ld + 1))
        packed = BufferPool(
            length: BFloat16Products.Memory.length(classifier: classifier, batch: batchSize, tile: Self.tile))
    }

    /// One leaf: the labels `rows` of the shard, on the batch `z` (batch×ld).
    ///
    /// - Parameters:
    ///   - positives: (batch row, row of the shard) of the batch's labels within `rows`, ascending in either.
    ///   - dz: batch×ld, overwritten with this leaf's part of ∂z.
    /// - Returns: the summed loss of this leaf (before the mean).
    public func run(
        rows: Range<Int>, z: UnsafePointer<Float>, batch: Int, positives: ArraySlice<(row: Int32, label: Int32)>,
        adam: OptimiserStep, dz: UnsafeMutablePointer<Float>
    ) -> Double {
        let leaf = Leaf(rows: rows, batch: batch, positives: positives, dz: dz)
        if rows.isEmpty || batch == 0 {
            dz.update(repeating: 0, count: batch * classifier.ld)
            return 0
        }
        switch precision {
        case .float32:
            return run(leaf, Float32Products(classifier: classifier, z: z, batch: batch), adam)
        case .bfloat16:
            return packed.with { buffer in
                let memory = BFloat16Products.Memory(buffer, classifier: classifier, batch: batchSize, tile: Self.tile)
                return run(leaf, BFloat16Products(classifier: classifier, z: z, batch: batch, memory: memory), adam)
            }
        }
    }

    private struct Leaf {
        let rows: Range<Int>
        let batch: Int
        let positives: ArraySlice<(row: Int32, label: Int32)>
        let dz: UnsafeMutablePointer<Float>
    }

    private func run(_ leaf: Leaf, _ products: some TileProducts, _ adam: OptimiserStep) -> Double {
        var sum = 0.0
        for from in stride(from: leaf.rows.lowerBound, to: leaf.rows.upperBound, by: Self.tile) {
            let tile = from..<min(from + Self.tile, leaf.rows.upperBound)
            tiles.with { logits in
                let g = logits.pointer
                products.logits(tile, into: g)
                sum += lossTile(tile, g, leaf).gradientInPlace(scale: 1 / Float(leaf.batch * labelCount))
                products.inputGradient(tile, g, into: leaf.dz, accumulate: from > leaf.rows.lowerBound)
                gradients.with { gradient in
                    products.weightGradient(tile, g, into: gradient.pointer)
                    update(tile, g, batch: leaf.batch, gradient: gradient.pointer, adam)
                }
            }
        }
        return sum
    }

    private func lossTile(_ tile: Range<Int>, _ g: UnsafeMutablePointer<Float>, _ leaf: Leaf) -> LossTile {
        LossTile(
            loss: loss, logits: g, batch: leaf.batch, labels: tile, bias: classifier.bias.value.hostPointer + tile.lowerBound,
            positives: leaf.positives)
    }

    private func update(
        _ tile: Range<Int>, _ g: UnsafePointer<Float>, batch: Int, gradient: UnsafeMutablePointer<Float>, _ adam: OptimiserStep
    ) {
        let ld = classifier.ld, width = tile.count
        classifier.weight.update(tile.lowerBound * ld..<tile.upperBound * ld, gradient: gradient, adam)
        let sums = gradient + width * ld
        dx_column_sums(g, batch, width, width, sums)
        classifier.bias.update(tile, gradient: sums, adam)
    }
}
