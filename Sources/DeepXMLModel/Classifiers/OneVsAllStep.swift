import Buffers
import Kernels

/// The `full` loss: binary cross-entropy on all B×L logits, mean over all entries; fused by tiles of labels.
///
/// For a tile: logits = Z Wᵀ, σ − y in place, ∂W = (σ−y)ᵀ Z, ∂Z += (σ−y) W, Adam while the tile is in cache. The B×L
/// matrix never exists.
public struct OneVsAllStep: Sendable {
    /// Labels a tile: B×tile logits and tile×D weights stay in the second-level cache.
    static let tile = 128
    public let classifier: ClassifierShard
    /// Labels over all shards.
    public let labelCount: Int
    private let tiles: BufferPool
    private let gradients: BufferPool

    public init(classifier: ClassifierShard, labelCount: Int, batchSize: Int) {
        self.classifier = classifier
        self.labelCount = labelCount
        tiles = BufferPool(length: batchSize * Self.tile)
        gradients = BufferPool(length: Self.tile * (classifier.ld + 1))
    }

    /// One leaf: the labels `rows` of the shard, on the batch `z` (batch×ld).
    ///
    /// - Parameters:
    ///   - positives: (batch row, row of the shard) of the batch's labels within `rows`, ascending in either.
    ///   - dz: batch×ld, overwritten with this leaf's part of ∂z.
    /// - Returns: the summed loss of this leaf (before the mean).
    public func run(
        rows: Range<Int>, z: UnsafePointer<Float>, batch: Int, positives: ArraySlice<(row: Int32, label: Int32)>,
        adam: dx_adam, dz: UnsafeMutablePointer<Float>
    ) -> Double {
        if rows.isEmpty { dz.update(repeating: 0, count: batch * classifier.ld) }
        var loss = 0.0
        for from in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.tile) {
            let tile = from..<min(from + Self.tile, rows.upperBound)
            loss += run(
                tile: tile, z: z, batch: batch, positives: positives, adam: adam, dz: dz, first: from == rows.lowerBound)
        }
        return loss
    }

    private func run(
        tile: Range<Int>, z: UnsafePointer<Float>, batch: Int, positives: ArraySlice<(row: Int32, label: Int32)>,
        adam: dx_adam, dz: UnsafeMutablePointer<Float>, first: Bool
    ) -> Double {
        let ld = classifier.ld, dims = classifier.dims, width = tile.count
        let scale = 1 / Float(batch * labelCount)
        return tiles.with { logits in
            gradients.with { gradient in
                let g = logits.pointer, w = classifier.weight.value.row(tile.lowerBound)
                Gemm.timesTransposed(m: batch, n: width, k: dims, z, lda: ld, w, ldb: ld, into: g, ldc: width)
                var loss = 0.0
                for p in positives where tile.contains(Int(p.label)) {
                    loss -= Double(
                        g[Int(p.row) * width + Int(p.label) - tile.lowerBound] + classifier.bias.value.pointer[Int(p.label)])
                }
                loss += dx_sigmoid_tile(g, batch, width, width, classifier.bias.value.pointer + tile.lowerBound, scale)
                for p in positives where tile.contains(Int(p.label)) {
                    g[Int(p.row) * width + Int(p.label) - tile.lowerBound] -= scale
                }
                Gemm.times(m: batch, n: ld, k: width, g, lda: width, w, ldb: ld, into: dz, ldc: ld, accumulate: !first)
                update(tile, g, z: z, batch: batch, gradient: gradient.pointer, adam)
                return loss
            }
        }
    }

    private func update(
        _ tile: Range<Int>, _ g: UnsafePointer<Float>, z: UnsafePointer<Float>, batch: Int,
        gradient: UnsafeMutablePointer<Float>, _ adam: dx_adam
    ) {
        let ld = classifier.ld, width = tile.count
        Gemm.transposedTimes(m: width, n: ld, k: batch, g, lda: width, z, ldb: ld, into: gradient, ldc: ld)
        classifier.weight.update(tile.lowerBound * ld..<tile.upperBound * ld, gradient: gradient, adam)
        let sums = gradient + width * ld
        dx_column_sums(g, batch, width, width, sums)
        classifier.bias.update(tile, gradient: sums, adam)
    }
}
