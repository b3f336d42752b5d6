import Support

/// Sparse classifiers by feature as plain arrays: what an inverted index is searched by, so that it can be stored, mapped and shared.
public struct InvertedArrays: Sendable {
    public let labels: Int, features: Int
    /// V+1: feature f's entries are `starts[f] ..< starts[f + 1]`.
    public let starts: Buffer<Int64>
    /// The labels of each feature, ascending.
    public let labelIds: Buffer<Int32>
    public let weights: Buffer<Float>
    /// L: what is added to the labels' scores.
    public let biases: Buffer<Float>
    /// L: labels by descending bias, ties ascending.
    public let byBias: Buffer<Int32>

    public init(
        features: Int, starts: Buffer<Int64>, labelIds: Buffer<Int32>, weights: Buffer<Float>, biases: Buffer<Float>,
        byBias: Buffer<Int32>
    ) {
        precondition(starts.count == features + 1 && labelIds.count == weights.count && biases.count == byBias.count)
        (labels, self.features, self.starts, self.labelIds) = (biases.count, features, starts, labelIds)
        (self.weights, self.biases, self.byBias) = (weights, biases, byBias)
    }
}

/// Sparse classifiers by label as plain arrays: a hash table for each label, for scores of single pairs.
public struct WeightTableArrays: Sendable {
    public let labels: Int, features: Int
    /// L+1: label l's table is the bytes `starts[l] ..< starts[l + 1]` of `tables`.
    public let starts: Buffer<Int64>
    /// Made and read by the device alone.
    public let tables: Buffer<UInt8>
    /// L: what is added to the labels' scores.
    public let biases: Buffer<Float>

    public init(features: Int, starts: Buffer<Int64>, tables: Buffer<UInt8>, biases: Buffer<Float>) {
        precondition(starts.count == biases.count + 1)
        (labels, self.features, self.starts, self.tables, self.biases) = (biases.count, features, starts, tables, biases)
    }

    /// The tables of some of the labels, without a copy.
    public func part(_ labels: Range<Int>) -> WeightTableArrays {
        WeightTableArrays(
            features: features, starts: starts.view(labels.lowerBound..<labels.upperBound + 1), tables: tables,
            biases: biases.view(labels))
    }
}

/// What weights are narrowed to.
public enum NarrowWeights: String, Sendable, CaseIterable {
    /// The upper half of a 32-bit float.
    case bfloat16
    /// A whole number from −127 to 127, times a scale of its label.
    case int8

    /// Bytes of a weight.
    public var width: Int { self == .int8 ? 1 : 2 }
}

/// Rows of a sparse matrix in few bytes: columns as gaps, weights narrow.
public struct NarrowRows: Sendable {
    public let rows: Int, cols: Int
    public let weights: NarrowWeights
    /// rows + 1: row r is the bytes `starts[r] ..< starts[r + 1]`.
    public let starts: Buffer<Int64>
    public let bytes: Buffer<UInt8>

    public init(rows: Int, cols: Int, weights: NarrowWeights, starts: Buffer<Int64>, bytes: Buffer<UInt8>) {
        precondition(starts.count == rows + 1)
        (self.rows, self.cols, self.weights, self.starts, self.bytes) = (rows, cols, weights, starts, bytes)
    }

    /// Some of the rows, without a copy.
    public func part(_ range: Range<Int>) -> NarrowRows {
        NarrowRows(
            rows: range.count, cols: cols, weights: weights,
            starts: starts.view(range.lowerBound..<range.upperBound + 1), bytes: bytes)
    }
}

/// Narrow classifiers: by feature to be searched, or by label for scores of single pairs.
public struct NarrowClassifier: Sendable {
    /// Features × labels, or labels × features.
    public let rows: NarrowRows
    /// L: what a label's sum of products is times; nil: 1.
    public let scales: Buffer<Float>?
    /// L: what is added to the labels' scores.
    public let biases: Buffer<Float>

    public init(rows: NarrowRows, scales: Buffer<Float>?, biases: Buffer<Float>) {
        precondition((rows.weights == .int8) == (scales != nil) && (scales.map { $0.count == biases.count } ?? true))
        (self.rows, self.scales, self.biases) = (rows, scales, biases)
    }
}

/// Dense classifiers laid out for products with many documents: groups of 32 labels, number d of each, for every d. So they can be
/// stored, mapped and shared.
public struct PackedClassifier: Sendable {
    public let labels: Int
    /// D.
    public let dims: Int
    /// nil: 32-bit floats.
    public let weights: NarrowWeights?
    /// The numbers, of 4, 2 or 1 bytes each.
    public let numbers: Buffer<UInt8>
    /// Of int8: what a label's numbers are times, for whole groups of 32 labels; else empty.
    public let scales: Buffer<Float>
    /// L.
    public let biases: Buffer<Float>

    /// Labels of a group.
    public static let group = 32

    /// Labels in whole groups; there is at least one.
    public static func paddedLabels(_ labels: Int) -> Int { (max(1, labels) + group - 1) / group * group }

    public init(
        dims: Int, weights: NarrowWeights?, numbers: Buffer<UInt8>, scales: Buffer<Float>, biases: Buffer<Float>
    ) {
        let padded = Self.paddedLabels(biases.count)
        precondition(numbers.count == padded * dims * (weights?.width ?? 4) && scales.count == (weights == .int8 ? padded : 0))
        (labels, self.dims, self.weights) = (biases.count, dims, weights)
        (self.numbers, self.scales, self.biases) = (numbers, scales, biases)
    }
}

/// Classifiers in the layouts that they are searched in, made once and stored, or mapped from where they were stored.
public protocol LayoutOperations {
    /// Lays out sparse classifiers by feature. The index of them is that of `invertedIndex(weights:biases:)`.
    func invertedArrays(weights: CSRMatrix, biases: Buffer<Float>) -> InvertedArrays
    func invertedIndex(_ arrays: InvertedArrays) -> InvertedIndex
    /// The index of neighbouring labels alone, numbered from 0: reads all entries and copies those.
    func part(_ arrays: InvertedArrays, _ labels: Range<Int>) -> InvertedArrays

    /// Lays out sparse classifiers by label, as `weightTables(weights:biases:)` does.
    func weightTableArrays(weights: CSRMatrix, biases: Buffer<Float>) -> WeightTableArrays
    func weightTables(_ arrays: WeightTableArrays) -> WeightTables

    /// Packs the rows of a matrix; for int8 its values must be whole numbers from −127 to 127.
    func narrowRows(_ matrix: CSRMatrix, _ weights: NarrowWeights) -> NarrowRows
    /// The matrix again, of what its numbers are now.
    func matrix(_ rows: NarrowRows) -> CSRMatrix
    /// Of a classifier by feature.
    func invertedIndex(_ classifier: NarrowClassifier) -> InvertedIndex
    /// Of a classifier by label.
    func weightTables(_ classifier: NarrowClassifier) -> WeightTables

    /// Lays out dense classifiers.
    ///
    /// - Parameters:
    ///   - weights: L×ld, of which the first `dims` of each row count.
    func packed(weights: Buffer<Float>, ld: Int, dims: Int, biases: Buffer<Float>) -> PackedClassifier
    /// The same in fewer bytes.
    func narrowed(_ classifier: PackedClassifier, to weights: NarrowWeights) -> PackedClassifier
    /// The best labels by z·w + b, the sums of products in 32 bits: of 32-bit floats with the bits of `packedSearch(over:)`.
    func packedSearch(_ classifier: PackedClassifier) -> any NeighbourSearch
    /// Rows of the weights: |labels|×ld, padded with zeros.
    func rows(_ labels: Range<Int>, of classifier: PackedClassifier, ld: Int) -> Buffer<Float>
}
