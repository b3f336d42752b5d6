import Kernels
import Support

/// Classifiers by feature, labels in the order of their biases, and memory for the threads that search them.
final class CPUInvertedIndex: InvertedIndex, @unchecked Sendable {
    private let starts: Buffer<Int64>, labelIDs: Buffer<Int32>, weights: Buffer<Float>
    private let biases: Buffer<Float>, byBias: Buffer<Int32>
    private let spaces = Pool<Buffer<UInt8>>()

    init(weights byLabel: CSRMatrix, biases: Buffer<Float>) {
        precondition(byLabel.rows == biases.count && byLabel.values != nil)
        starts = Buffer(count: byLabel.cols + 1)
        labelIDs = Buffer(count: byLabel.nonZeros)
        weights = Buffer(count: byLabel.nonZeros)
        self.biases = biases
        byBias = Buffer(count: biases.count)
        let spare = Buffer<Int32>(count: 3 * biases.count)
        dx_order_by_bias(biases.pointer, biases.count, byBias.pointer, spare.pointer)
        if let values = byLabel.values {
            dx_invert_model(
                byLabel.rows, byLabel.cols, byLabel.starts.pointer, byLabel.indices.pointer, values.pointer, starts.pointer,
                labelIDs.pointer, weights.pointer)
        }
        super.init(labels: byLabel.rows, features: byLabel.cols)
    }

    private var kernel: dx_inverted_index {
        dx_inverted_index(
            labels: labels, starts: starts.pointer, label_ids: labelIDs.pointer, weights: weights.pointer,
            biases: biases.pointer, by_bias: byBias.pointer)
    }

    /// Fills the rows `rows` of `best` with the labels of those of `docs`; by any thread.
    ///
    /// - Precondition: the documents have values.
    func search(_ documents: CSRMatrix, docs: [Int32], rows: Range<Int>, firstLabel: Int, into best: TopK) {
        guard let values = documents.values else { preconditionFailure("documents without values") }
        let k = best.k, bytes = dx_inverted_workspace(labels, k)
        spaces.lend(where: { $0.count >= bytes }, make: { newSpace(bytes) }) { space in
            var model = kernel
            for row in rows {
                let entries = documents.range(Int(docs[row])), at = entries.lowerBound
                dx_inverted_topk(
                    &model, documents.indices.pointer + at, values.pointer + at, entries.count, k, Int32(firstLabel),
                    space.pointer, best.indices.pointer + row * k, best.scores.pointer + row * k)
            }
        }
    }

    private func newSpace(_ bytes: Int) -> Buffer<UInt8> {
        let space = Buffer<UInt8>(count: bytes)
        dx_inverted_begin(space.pointer, labels)
        return space
    }
}
