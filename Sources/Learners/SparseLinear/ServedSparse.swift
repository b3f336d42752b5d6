import Checkpoint
import DeepXMLModel
import Devices
import Support

/// Sparse classifiers in the file that ranks map: by feature to be searched, or by label for scores of single pairs.
///
/// The file may be a stranger's: its numbers are checked before they are used.
struct ServedSparse {
    private let file: ArrayFile
    private let name: String
    private let features: Int
    private let labels: Int
    private let device: any Device
    private let checks: RangeChecks

    /// nil where the file has none of the name.
    ///
    /// - Parameters:
    ///   - features: V.
    ///   - labels: L.
    init?(_ file: ArrayFile?, _ name: String, features: Int, labels: Int, on device: any Device) {
        guard let file, file.contains("\(name).starts") else { return nil }
        (self.file, self.name, self.features, self.labels, self.device) = (file, name, features, labels, device)
        checks = RangeChecks(of: file.path, team: device.team)
    }

    private func array<Element: BitwiseCopyable>(_ part: String, of count: Int? = nil) throws -> Buffer<Element> {
        let array: Buffer<Element> = try file.array("\(name).\(part)")
        if let count { try checks.count(array.count, of: "\(name).\(part)", is: count) }
        return array
    }

    /// What was looked at need not count as this rank's memory until it is read again.
    private func letGo() { file.letGo(["starts", "labels", "tables", "bytes"].map { "\(name).\($0)" }) }

    /// Classifiers by feature.
    ///
    /// - Parameter own: the labels that are wanted, numbered from 0 then; of all of them nothing is copied.
    /// - Throws: `Failure(.usage)` with the first number that is out of range.
    func index(_ own: Range<Int>) throws -> InvertedIndex {
        let biases: Buffer<Float> = try array("bias", of: labels)
        if let narrow = try narrow(rows: features, cols: labels, biases) {
            return device.invertedIndex(own.count == labels ? narrow : narrow.part(own, on: device))
        }
        let weights: Buffer<Float> = try array("weights")
        let whole = InvertedArrays(
            features: features, starts: try array("starts", of: features + 1), labelIds: try array("labels", of: weights.count),
            weights: weights, biases: biases, byBias: try array("by_bias", of: labels))
        try whole.check(checks, name)
        letGo()
        return device.invertedIndex(own.count == labels ? whole : device.part(whole, own))
    }

    /// Classifiers by label, of some of the labels.
    ///
    /// - Throws: `Failure(.usage)` with the first number that is out of range.
    func tables(_ own: Range<Int>) throws -> WeightTables {
        let biases: Buffer<Float> = try array("bias", of: labels)
        if let narrow = try narrow(rows: labels, cols: features, biases, own) {
            return device.weightTables(
                NarrowClassifier(rows: narrow.rows.part(own), scales: narrow.scales?.view(own), biases: biases.view(own)))
        }
        let whole = WeightTableArrays(
            features: features, starts: try array("starts", of: labels + 1), tables: try array("tables"), biases: biases)
        try whole.check(checks, name, device.team, labels: own)
        letGo()
        return device.weightTables(whole.part(own))
    }

    /// - Parameter own: the rows that are read; nil: all.
    private func narrow(rows: Int, cols: Int, _ biases: Buffer<Float>, _ own: Range<Int>? = nil) throws -> NarrowClassifier? {
        guard file.contains("\(name).bytes") else { return nil }
        let isScaled = file.contains("\(name).scale")
        let packed = NarrowRows(
            rows: rows, cols: cols, weights: isScaled ? .int8 : .bfloat16, starts: try array("starts", of: rows + 1),
            bytes: try array("bytes"))
        try packed.check(checks, name, device.team, rows: own)
        letGo()
        return NarrowClassifier(rows: packed, scales: isScaled ? try array("scale", of: labels) : nil, biases: biases)
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
