import Kernels
import Support

/// Classifiers by feature, labels in the order of their biases, and memory for the threads that search them.
final class CPUInvertedIndex: InvertedIndex, @unchecked Sendable {
    private enum Model: Sendable {
        case wide(InvertedArrays)
        case narrow(NarrowClassifier, byBias: Buffer<Int32>)
    }
    private let model: Model
    private let spaces = Pool<Buffer<UInt8>>()

    init(_ arrays: InvertedArrays) {
        model = .wide(arrays)
        super.init(labels: arrays.labels, features: arrays.features)
    }

    /// - Parameter classifier: by feature.
    init(_ classifier: NarrowClassifier, byBias: Buffer<Int32>) {
        precondition(classifier.rows.cols == classifier.biases.count)
        model = .narrow(classifier, byBias: byBias)
        super.init(labels: classifier.rows.cols, features: classifier.rows.rows)
    }

    /// Fills the rows `rows` of `best` with the labels of those of `docs`; by any thread.
    ///
    /// - Precondition: the documents have values.
    func search(_ documents: CSRMatrix, docs: [Int32], rows: Range<Int>, firstLabel: Int, into best: TopK) {
        guard let values = documents.values else { preconditionFailure("documents without values") }
        let k = best.k, bytes = dx_inverted_workspace(labels, k)
        spaces.lend(where: { $0.count >= bytes }, make: { newSpace(bytes) }) { space in
            for row in rows {
                let entries = documents.range(Int(docs[row])), at = entries.lowerBound
                let columns = documents.indices.pointer + at, values = values.pointer + at
                let ids = best.indices.pointer + row * k, scores = best.scores.pointer + row * k
                switch model {
                case .wide(let arrays):
                    var model = arrays.kernel
                    dx_inverted_topk(
                        &model, columns, values, entries.count, k, Int32(firstLabel), space.pointer, ids, scores)
                case .narrow(let classifier, let byBias):
                    var model = classifier.kernel(byBias: byBias)
                    dx_narrow_topk(&model, columns, values, entries.count, k, Int32(firstLabel), space.pointer, ids, scores)
                }
            }
        }
    }

    private func newSpace(_ bytes: Int) -> Buffer<UInt8> {
        let space = Buffer<UInt8>(count: bytes)
        dx_inverted_begin(space.pointer, labels)
        return space
    }
}

extension InvertedArrays {
    /// As kernels take them.
    fileprivate var kernel: dx_inverted_index {
        dx_inverted_index(
            labels: labels, starts: starts.pointer, label_ids: labelIds.pointer, weights: weights.pointer,
            biases: biases.pointer, by_bias: byBias.pointer)
    }
}
