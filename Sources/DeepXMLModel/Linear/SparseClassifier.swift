import Devices
import Support

/// Linear classifiers of neighbouring labels whose weights are mostly zero: what is not stored is zero.
public struct SparseClassifier: Sendable {
    public let labels: Range<Int>
    /// labels×V, columns ascending in each row.
    public let weights: CSRMatrix
    /// What is added to each label's score.
    public let biases: Buffer<Float>

    public init(labels: Range<Int>, weights: CSRMatrix, biases: Buffer<Float>) {
        precondition(weights.rows == labels.count && biases.count == labels.count)
        (self.labels, self.weights, self.biases) = (labels, weights, biases)
    }

    /// Puts runs of labels together; of none, a classifier without labels.
    ///
    /// - Parameter features: V.
    /// - Precondition: each begins where the one before ends, and all have V features.
    public init(joining parts: [SparseClassifier], features: Int) {
        let labels = (parts.first?.labels.lowerBound ?? 0)..<(parts.last?.labels.upperBound ?? 0)
        let entries = parts.reduce(0) { $0 + $1.weights.nonZeros }
        let starts = Buffer<Int64>(count: labels.count + 1), biases = Buffer<Float>(count: labels.count)
        let columns = Buffer<Int32>(count: entries), values = Buffer<Float>(count: entries)
        var label = 0, entry = 0
        for part in parts {
            precondition(part.labels.lowerBound == labels.lowerBound + label && part.weights.cols == features)
            for row in 0..<part.labels.count {
                biases[label] = part.biases[row]
                label += 1
                starts[label] = Int64(entry) + part.weights.starts[row + 1]
            }
            for (column, value) in zip(part.weights.indices.array, part.weights.values?.array ?? []) {
                (columns[entry], values[entry]) = (column, value)
                entry += 1
            }
        }
        self.init(
            labels: labels,
            weights: CSRMatrix(
                rows: labels.count, cols: features, starts: starts, indices: columns, values: values),
            biases: biases)
    }
}

/// The best labels of documents, by an inverted index: a document costs the weights of its own features.
public struct SparsePredictor: Sendable {
    public let labels: Range<Int>
    private let device: any Device
    private let index: InvertedIndex

    /// The classifier itself is no longer needed then.
    public init(_ classifier: SparseClassifier, on device: any Device) {
        labels = classifier.labels
        self.device = device
        index = device.invertedIndex(weights: classifier.weights, biases: classifier.biases)
    }

    /// Classifiers that are laid out already.
    public init(_ index: InvertedIndex, labels: Range<Int>, on device: any Device) {
        precondition(index.labels == labels.count)
        (self.index, self.labels, self.device) = (index, labels, device)
    }

    /// The k labels with the largest margins w·x + b for each of the rows `docs` of `documents` (N×V), ties by smaller label.
    ///
    /// Merged over any cut of the labels they are the same, bit for bit.
    public func best(of documents: CSRMatrix, docs: [Int32], k: Int) -> TopK {
        device.bestLabels(index, documents: documents, docs: docs, k: k, firstLabel: labels.lowerBound)
    }
}
