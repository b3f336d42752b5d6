import Config
import Formats
import Support

/// Documents that no learner is trained on, by which choices are made: validation.
public struct HeldOutDocuments: Sendable {
    /// Features as of test documents.
    public let features: CSRMatrix
    /// Labels by original label id.
    public let labels: CSRMatrix
    /// (document, original label) pairs that are removed from their predictions.
    public let filter: CSRMatrix
    /// They were cut from the training file; else they have files of their own.
    public let isCut: Bool

    public init(features: CSRMatrix, labels: CSRMatrix, filter: CSRMatrix, isCut: Bool) {
        precondition(features.rows == labels.rows && filter.rows == labels.rows)
        (self.features, self.labels, self.filter, self.isCut) = (features, labels, filter, isCut)
    }

    package var matrices: [CSRMatrix] { [features, labels, filter] }
}

/// Which rows of a training file are held out: the same for every learner, number of ranks, and job, and for every framework.
public struct ValidationCut: Sendable, Equatable {
    public var share: Double
    public var seed: UInt64

    public init(share: Double, seed: UInt64) { (self.share, self.seed) = (share, seed) }

    /// The held-out ones of some rows, ascending: the nearest whole number to their share, one at least, and one fewer than there are at
    /// most. Each row is given a number that depends on seed and row alone; those with the smallest numbers are taken.
    ///
    /// - Parameter rows: those with a feature and a label, ascending.
    public func rows(of rows: [Int]) -> [Int] {
        let count = Self.count(share: share, of: rows.count)
        if count < 1 { return [] }
        let numbered = rows.map { (number: Self.mixed(seed, UInt64($0)), row: $0) }
        return numbered.sorted { ($0.number, $0.row) < ($1.number, $1.row) }.prefix(count).map(\.row).sorted()
    }

    /// How many of so many rows are held out; 0: there are too few.
    public static func count(share: Double, of rows: Int) -> Int {
        max(0, min(max(1, Int((share * Double(rows)).rounded())), rows - 1))
    }

    /// The finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), once over the seed and once over both.
    private static func mixed(_ seed: UInt64, _ row: UInt64) -> UInt64 {
        func mix(_ value: UInt64) -> UInt64 {
            var z = value &+ 0x9E37_79B9_7F4A_7C15
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        return mix(mix(seed) ^ row)
    }
}

extension XCDataset {
    /// Training documents of each original label, counted over the whole training file with the documents that were cut from it, and
    /// these documents: what metrics take propensities from.
    public var labelCountsInFile: [Int32] {
        var counts = labelCounts.array
        guard let validation, validation.isCut else { return counts }
        for i in 0..<validation.labels.nonZeros { counts[Int(validation.labels.indices[i])] += 1 }
        return counts
    }

    /// Rows of the training file, with those that were cut from it.
    public var documentsInFile: Int { trainRowsInFile + (validation.flatMap { $0.isCut ? $0.labels.rows : nil } ?? 0) }
}

/// What is read of a data set's training file, in two parts.
struct TrainingParts {
    var features: CSRMatrix
    var labels: CSRMatrix
    /// nil: nothing is held out.
    var held: (features: CSRMatrix, labels: CSRMatrix, filter: CSRMatrix)?

    /// - Throws: `Failure` where too few documents are there to hold any out.
    init(_ features: CSRMatrix, _ labels: CSRMatrix, _ source: XCDatasetSource) throws {
        (self.features, self.labels) = (features, labels)
        guard case .part(let share, let seed)? = source.files.validation else { return }
        let usable = (0..<features.rows).filter { !features.range($0).isEmpty && !labels.range($0).isEmpty }
        let rows = ValidationCut(share: share, seed: seed).rows(of: usable)
        guard !rows.isEmpty else {
            throw Failure(
                .usage, "too few training documents to hold any out", at: source.trainFeatures.path,
                found: "\(usable.count) with a feature and a label", expected: "at least two", advice: "leave --validation out")
        }
        let filter = try LabelFilter.read(source.trainFilter, documents: features.rows, labels: labels.cols)
        held = (features.selecting(rows: rows), labels.selecting(rows: rows), filter.selecting(rows: rows))
        let isHeld = Set(rows), kept = (0..<features.rows).filter { !isHeld.contains($0) }
        self.features = features.selecting(rows: kept)
        self.labels = labels.selecting(rows: kept)
    }
}

extension XCDatasetSource {
    /// The config's validation files, mapped.
    ///
    /// - Throws: `Failure` where one is missing, or they are the test or the training files.
    static func validation(
        _ files: XCDatasetFiles, train: (features: MappedFile, labels: MappedFile),
        test: (features: MappedFile, labels: MappedFile)
    ) throws -> (features: MappedFile, labels: MappedFile)? {
        guard case .files(let features, let labels)? = files.validation else { return nil }
        let found = (
            features: try MappedFile(path: files.path(features)), labels: try MappedFile(path: files.path(labels))
        )
        for (others, which) in [
            (test, "test documents: nothing may be chosen by them"), (train, "training documents: the last epoch fits them best"),
        ]
        where found.features.holdsSame(as: others.features) || found.labels.holdsSame(as: others.labels) {
            throw Failure(
                .usage, "the validation documents are the \(which)", at: "\(found.features.path) and \(found.labels.path)",
                found: "the content of \(others.features.path) or its labels",
                expected: "other documents, in global.val_feat_fname and global.val_label_fname", advice: advice)
        }
        return found
    }

    private static let advice =
        "name such files (--set global.val_feat_fname=… --set global.val_label_fname=…), or give --validation 0.1"

    /// By documents without a label every epoch and setting is worth the same.
    ///
    /// - Throws: `Failure` where no document has any.
    static func checkLabelled(_ labels: CSRMatrix, _ file: MappedFile) throws {
        guard labels.nonZeros == 0 else { return }
        throw Failure(
            .usage, "no validation document has a label", at: file.path, found: Quantity.plural(labels.rows, "document"),
            expected: "labels to choose by", advice: advice)
    }

    /// The pairs that predictions of training documents leave out, where these are held out.
    static func trainFilter(_ files: XCDatasetFiles) throws -> MappedFile? {
        let path = files.path("filter_labels_train.txt")
        guard case .part? = files.validation, isFile(path) else { return nil }
        return try MappedFile(path: path)
    }
}

extension MappedFile {
    fileprivate func holdsSame(as other: MappedFile) -> Bool {
        count == other.count && ContentHash.of(bytes) == ContentHash.of(other.bytes)
    }
}
