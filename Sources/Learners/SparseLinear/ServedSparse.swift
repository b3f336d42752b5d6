import Checkpoint
import DeepXMLModel
import Devices
import Support

/// Sparse classifiers in the file that ranks map: by feature to be searched, or by label for scores of single pairs.
struct ServedSparse {
    private let file: ArrayFile
    private let name: String
    private let features: Int

    /// nil where the file has none of the name.
    ///
    /// - Parameter features: V.
    init?(_ file: ArrayFile?, _ name: String, features: Int) {
        guard let file, file.contains("\(name).starts") else { return nil }
        (self.file, self.name, self.features) = (file, name, features)
    }

    private func array<Element: BitwiseCopyable>(_ part: String) throws -> Buffer<Element> { try file.array("\(name).\(part)") }

    /// Classifiers by feature.
    ///
    /// - Parameter labels: those that are wanted, numbered from 0 then; of all of them nothing is copied.
    func index(_ labels: Range<Int>, on device: any Device) throws -> InvertedIndex {
        let biases: Buffer<Float> = try array("bias")
        if let narrow = try narrow(rows: features, cols: biases.count, biases) {
            return device.invertedIndex(labels.count == biases.count ? narrow : narrow.part(labels, on: device))
        }
        let whole = InvertedArrays(
            features: features, starts: try array("starts"), labelIds: try array("labels"), weights: try array("weights"),
            biases: biases, byBias: try array("by_bias"))
        return device.invertedIndex(labels.count == biases.count ? whole : device.part(whole, labels))
    }

    /// Classifiers by label, of some of the labels.
    func tables(_ labels: Range<Int>, on device: any Device) throws -> WeightTables {
        let biases: Buffer<Float> = try array("bias")
        if let narrow = try narrow(rows: biases.count, cols: features, biases) {
            return device.weightTables(
                NarrowClassifier(
                    rows: narrow.rows.part(labels), scales: narrow.scales?.view(labels), biases: biases.view(labels)))
        }
        let whole = WeightTableArrays(
            features: features, starts: try array("starts"), tables: try array("tables"), biases: biases)
        return device.weightTables(whole.part(labels))
    }

    private func narrow(rows: Int, cols: Int, _ biases: Buffer<Float>) throws -> NarrowClassifier? {
        guard file.contains("\(name).bytes") else { return nil }
        let isScaled = file.contains("\(name).scale")
        return NarrowClassifier(
            rows: NarrowRows(
                rows: rows, cols: cols, weights: isScaled ? .int8 : .bfloat16, starts: try array("starts"),
                bytes: try array("bytes")),
            scales: isScaled ? try array("scale") : nil, biases: biases)
    }
}

extension ServingWriter {
    /// Adds classifiers by feature.
    mutating func writeIndex(_ classifier: SparseClassifier, _ name: String) throws {
        if let weights = layout.weights {
            return try write(classifier.narrowed(weights, on: device).turned(on: device), name)
        }
        let arrays = device.invertedArrays(weights: classifier.weights, biases: classifier.biases)
        try file.write("\(name).starts", arrays.starts, .int64)
        try file.write("\(name).labels", arrays.labelIds, .int32)
        try file.write("\(name).weights", arrays.weights, .float32)
        try file.write("\(name).bias", arrays.biases, .float32)
        try file.write("\(name).by_bias", arrays.byBias, .int32)
    }

    /// Adds classifiers by label.
    mutating func writeTables(_ classifier: SparseClassifier, _ name: String) throws {
        if let weights = layout.weights { return try write(classifier.narrowed(weights, on: device), name) }
        let arrays = device.weightTableArrays(weights: classifier.weights, biases: classifier.biases)
        try file.write("\(name).starts", arrays.starts, .int64)
        try file.write("\(name).tables", arrays.tables, .uint8)
        try file.write("\(name).bias", arrays.biases, .float32)
    }

    private mutating func write(_ classifier: NarrowClassifier, _ name: String) throws {
        try file.write("\(name).starts", classifier.rows.starts, .int64)
        try file.write("\(name).bytes", classifier.rows.bytes, .uint8)
        try file.write("\(name).bias", classifier.biases, .float32)
        if let scales = classifier.scales { try file.write("\(name).scale", scales, .float32) }
    }

    /// The classifiers without the share of weights that the layout leaves out.
    func pruned(_ classifier: SparseClassifier) -> SparseClassifier {
        SparseClassifier(
            labels: classifier.labels, weights: classifier.weights.withoutSmallest(layout.pruned), biases: classifier.biases)
    }
}
