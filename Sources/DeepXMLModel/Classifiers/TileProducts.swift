import Devices
import Kernels
import Support

/// The three products of a tile of labels with the batch, in the precision that its implementation has.
///
/// `g` is the batch×tile matrix of logits, later of their gradients; W's rows have padding, which stays zero.
protocol TileProducts {
    /// g = z Wᵀ
    func logits(_ tile: Range<Int>, into g: UnsafeMutablePointer<Float>)
    /// dz = g W, added to what dz holds where `accumulate`.
    func inputGradient(
        _ tile: Range<Int>, _ g: UnsafePointer<Float>, into dz: UnsafeMutablePointer<Float>, accumulate: Bool)
    /// gradient(tile×ld) = gᵀ z
    func weightGradient(_ tile: Range<Int>, _ g: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>)
}

/// Everything in 32 bits.
struct Float32Products: TileProducts {
    let classifier: ClassifierShard
    let z: UnsafePointer<Float>
    let batch: Int

    func logits(_ tile: Range<Int>, into g: UnsafeMutablePointer<Float>) {
        let ld = classifier.ld
        Gemm.timesTransposed(
            m: batch, n: tile.count, k: classifier.dims, z, lda: ld, classifier.weight.value.hostRow(tile.lowerBound), ldb: ld,
            into: g, ldc: tile.count)
    }

    func inputGradient(
        _ tile: Range<Int>, _ g: UnsafePointer<Float>, into dz: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let ld = classifier.ld
        Gemm.times(
            m: batch, n: ld, k: tile.count, g, lda: tile.count, classifier.weight.value.hostRow(tile.lowerBound), ldb: ld,
            into: dz,
            ldc: ld, accumulate: accumulate)
    }

    func weightGradient(_ tile: Range<Int>, _ g: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        let ld = classifier.ld
        Gemm.transposedTimes(
            m: tile.count, n: ld, k: batch, g, lda: tile.count, z, ldb: ld, into: gradient, ldc: ld)
    }
}

/// z, W and g rounded to bfloat16, sums in 32 bits; z is laid out once for all tiles of a leaf.
struct BFloat16Products: TileProducts {
    /// The CPU's own instructions, where they are the faster way; the bits are the same.
    private static let native = dx_bf16_fast()
    private let classifier: ClassifierShard
    private let batch: Int
    private let memory: Memory

    /// Packed matrices: z by rows and by columns, and the left and right side of the product at hand.
    struct Memory {
        let zRows, zColumns, left, right: UnsafeMutableRawPointer

        init(_ buffer: Buffer<Float>, classifier: ClassifierShard, batch: Int, tile: Int) {
            let sizes = Self.sizes(classifier: classifier, batch: batch, tile: tile)
            let start = UnsafeMutableRawPointer(buffer.pointer)
            zRows = start
            zColumns = zRows + sizes[0]
            left = zColumns + sizes[1]
            right = left + sizes[2]
        }

        /// Bytes of each part, in order.
        private static func sizes(classifier: ClassifierShard, batch: Int, tile: Int) -> [Int] {
            let (dims, ld) = (classifier.dims, classifier.ld)
            let sizes = [
                dx_bf16_left_bytes(native, batch, dims), dx_bf16_right_bytes(native, ld, batch),
                max(dx_bf16_left_bytes(native, batch, tile), dx_bf16_left_bytes(native, tile, batch)),
                max(dx_bf16_right_bytes(native, tile, dims), dx_bf16_right_bytes(native, ld, tile)),
            ]
            return sizes.map { ($0 + 63) / 64 * 64 }
        }

        /// Floats that hold all of it.
        static func length(classifier: ClassifierShard, batch: Int, tile: Int) -> Int {
            sizes(classifier: classifier, batch: batch, tile: tile).reduce(0, +) / MemoryLayout<Float>.stride
        }
    }

    init(classifier: ClassifierShard, z: UnsafePointer<Float>, batch: Int, memory: Memory) {
        (self.classifier, self.batch, self.memory) = (classifier, batch, memory)
        dx_bf16_pack_left(Self.native, z, classifier.ld, 1, batch, classifier.dims, memory.zRows)
        dx_bf16_pack_right(Self.native, z, 1, classifier.ld, classifier.ld, batch, memory.zColumns)
    }

    func logits(_ tile: Range<Int>, into g: UnsafeMutablePointer<Float>) {
        let (dims, ld) = (classifier.dims, classifier.ld)
        dx_bf16_pack_right(Self.native, classifier.weight.value.hostRow(tile.lowerBound), ld, 1, tile.count, dims, memory.right)
        dx_bf16_product(Self.native, batch, tile.count, dims, memory.zRows, memory.right, g, tile.count, 0)
    }

    func inputGradient(
        _ tile: Range<Int>, _ g: UnsafePointer<Float>, into dz: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let ld = classifier.ld
        dx_bf16_pack_left(Self.native, g, tile.count, 1, batch, tile.count, memory.left)
        dx_bf16_pack_right(Self.native, classifier.weight.value.hostRow(tile.lowerBound), 1, ld, ld, tile.count, memory.right)
        dx_bf16_product(Self.native, batch, ld, tile.count, memory.left, memory.right, dz, ld, accumulate ? 1 : 0)
    }

    func weightGradient(_ tile: Range<Int>, _ g: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        dx_bf16_pack_left(Self.native, g, 1, tile.count, tile.count, batch, memory.left)
        dx_bf16_product(Self.native, tile.count, classifier.ld, batch, memory.left, memory.zColumns, gradient, classifier.ld, 0)
    }
}
