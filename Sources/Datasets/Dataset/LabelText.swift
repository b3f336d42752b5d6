import Formats
import Support

/// What a data set makes of the texts of its labels.
public struct LabelTextUse: Sendable, Equatable {
    /// File of their features, a row a label, made as those of the documents are.
    public var file: String
    /// Each is a training document that has its own label alone.
    public var areDocuments: Bool
    /// They are kept beside the documents: `XCDataset.labelFeatures`.
    public var areKept: Bool

    public init(file: String, areDocuments: Bool, areKept: Bool) {
        (self.file, self.areDocuments, self.areKept) = (file, areDocuments, areKept)
    }
}

/// The features of the labels' texts as they are read: a row for each label of the files, empty where it has no text.
struct LabelText {
    let use: LabelTextUse
    /// Labels×V.
    let features: CSRMatrix

    /// - Parameters:
    ///   - labels: of the files.
    ///   - cols: features of the documents, before any selection.
    /// - Returns: nil where the texts are not asked for.
    /// - Throws: `Failure` where the file is missing, damaged, or not of these labels and features.
    init?(_ source: XCDatasetSource, labels: Int, cols: Int, _ team: ThreadTeam) throws {
        guard let use = source.files.labelText, let file = source.labelFeatures else { return nil }
        let read = try MatrixFile.read(file, kind: source.files.featureType.kind, team)
        guard read.rows == labels else {
            throw Failure(
                .usage, "the labels' texts are not those of the data set's labels", at: file.path, found: "\(read.rows) rows",
                expected: "\(labels), a row for each label", advice: "an empty row stands for a label without text")
        }
        guard source.files.featureType == .dense ? read.cols == cols : read.cols <= cols else {
            throw Failure(
                .usage, "the labels' texts have other features than the documents", at: file.path, found: "\(read.cols) columns",
                expected: "\(cols)",
                advice: "make them as the documents' were made: deepxml-dist prepare --label-text-for \(source.files.folder)")
        }
        self.use = use
        features = try source.selectingFeatures(read.cols == cols ? read : read.widened(to: cols), cols: cols)
    }

    /// The documents, and behind them a document for each of the labels that are kept and have a text.
    ///
    /// - Returns: features and labels of all, and the number of those added.
    func following(_ documents: CSRMatrix, _ truth: CSRMatrix, selected: [Int]?) -> (CSRMatrix, CSRMatrix, added: Int) {
        let labels = (selected ?? Array(0..<features.rows)).filter { !features.range($0).isEmpty }
        let one = CSRMatrix(
            rows: labels.count, cols: truth.cols, starts: Buffer((0...labels.count).map(Int64.init)),
            indices: Buffer(labels.map(Int32.init)), values: nil)
        return (documents.followed(by: features.selecting(rows: labels)), truth.followed(by: one), labels.count)
    }
}

extension CSRMatrix {
    /// These rows, then those of a matrix of as many columns; values are kept where both have them.
    func followed(by other: CSRMatrix) -> CSRMatrix {
        precondition(cols == other.cols)
        let newStarts = Buffer<Int64>(count: rows + other.rows + 1)
        let newIndices = Buffer<Int32>(count: nonZeros + other.nonZeros)
        for row in 0...rows { newStarts[row] = starts[row] }
        for row in 0..<other.rows { newStarts[rows + row + 1] = Int64(nonZeros) + other.starts[row + 1] }
        newIndices[0..<nonZeros].update(from: indices[0..<nonZeros])
        newIndices[nonZeros..<newIndices.count].update(from: other.indices[0..<other.nonZeros])
        var newValues: Buffer<Float>?
        if let values, let others = other.values {
            let joined = Buffer<Float>(count: newIndices.count)
            joined[0..<nonZeros].update(from: values[0..<nonZeros])
            joined[nonZeros..<joined.count].update(from: others[0..<other.nonZeros])
            newValues = joined
        }
        return CSRMatrix(rows: rows + other.rows, cols: cols, starts: newStarts, indices: newIndices, values: newValues)
    }
}

extension XCDatasetSource {
    /// The columns that `feature_indices` keeps.
    func selectingFeatures(_ matrix: CSRMatrix, cols: Int) throws -> CSRMatrix {
        guard let file = featureIndices else { return matrix }
        let selection = try ColumnSelection(file, cols: cols, what: "feature")
        return files.featureType == .dense ? selection.gathering(matrix) : selection.masking(matrix)
    }

    /// Training labels without those that `held_out_labels` names.
    func withoutHeldOut(_ labels: CSRMatrix) throws -> CSRMatrix {
        guard let file = heldOutLabels else { return labels }
        return try ColumnSelection(file, cols: labels.cols, what: "label").removing(from: labels)
    }

    /// The file of the labels' features, where it is asked for.
    static func labelFeatures(_ files: XCDatasetFiles) throws -> MappedFile? {
        guard let use = files.labelText else { return nil }
        let path = files.path(use.file)
        if isFile(path) { return try MappedFile(path: path) }
        throw Failure(
            .usage, "the features of the labels' texts are missing", at: path, found: "no such file",
            expected: "a row for each label, with the features of the documents (global.lbl_feat_fname)",
            advice: "make it by deepxml-dist prepare --label-text-for \(files.folder), or train without: --set "
                + "global.label_text_documents=false (and label_text_classifiers, label_text_centroids where they are set)")
    }
}
