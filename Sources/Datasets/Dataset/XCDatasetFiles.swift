import Config
import Formats
import Support

/// The files that make up one data set, and what is done to them on reading.
public struct XCDatasetFiles: Sendable, Equatable {
    public var folder: String
    public var trainFeatures: String
    public var trainLabels: String
    public var testFeatures: String
    public var testLabels: String
    /// Pairs `document label` that are no predictions; nil: `filter_labels_test.txt` where the folder has it (or
    /// `filter_labels_text.txt`, as some data sets spell it).
    public var filter: String?
    /// Rows of the features are divided by their l2 norm.
    public var normalize: Bool
    public var featureType: FeatureType
    /// File of the features that are used, one column a line; nil: all. Others count as absent, and keep their numbers, so
    /// that embeddings and vocabulary stay as they are; dense features are renumbered in the order of the file.
    public var featureIndices: String?
    /// File of the labels that are trained and counted, one column a line; nil: all. Labels keep their ids in every output.
    public var labelIndices: String?
    /// Documents without a feature or label, and labels without a training document, are trained as well.
    public var keepInvalid: Bool
    /// The labels' texts; nil: they are not read.
    public var labelText: LabelTextUse?
    /// File of the labels that the training documents lose, one a line; nil: none. Test documents keep them.
    public var heldOutLabels: String?
    /// Documents that are not trained on; nil: none are wanted.
    public var validation: ValidationOptions.Source?

    /// - Parameters:
    ///   - folder: `<work>/data/<dataset>`.
    ///   - global: the config's section that names the files.
    ///   - keepInvalid: the config's `extreme.keep_invalid`.
    ///   - keepsLabelText: the labels' texts are needed beside the documents.
    public init(
        folder: String, global: GlobalConfig = GlobalConfig(), normalize: Bool = true, keepInvalid: Bool = false,
        filter: String? = nil, keepsLabelText: Bool = false, validation: ValidationOptions.Source? = nil
    ) {
        self.folder = folder
        trainFeatures = global.trnFeatFname
        trainLabels = global.trnLabelFname
        testFeatures = global.tstFeatFname
        testLabels = global.tstLabelFname
        self.filter = filter
        self.normalize = normalize
        featureType = global.featureType
        featureIndices = global.featureIndices
        labelIndices = global.labelIndices
        self.keepInvalid = keepInvalid
        heldOutLabels = global.heldOutLabels
        self.validation = validation
        if global.labelTextDocuments || keepsLabelText {
            labelText = LabelTextUse(
                file: global.lblFeatFname, areDocuments: global.labelTextDocuments, areKept: keepsLabelText)
        }
    }

    /// The path of one of the set's files.
    public func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }

    /// The hex digest of the content of all files and of what is done to them on reading; names and places don't matter.
    ///
    /// - Throws: `Failure` where the data set or one of its files is missing or can't be read.
    public func fingerprint(threads: Int) throws -> String {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        return try XCDatasetSource(self).fingerprint(team)
    }

    /// - Throws: `Failure` that lists the data sets that do exist, where the folder isn't there.
    func checkFolder() throws {
        guard !isFolder(folder) else { return }
        let parent = parentFolder(folder)
        let name = folder.split(separator: "/").last.map(String.init) ?? folder
        let sets = namesInFolder(parent).filter { isFile("\(parent)/\($0)/\(trainFeatures)") }
        let demo =
            "make the demo data by `deepxml-dist prepare --demo`, or your own by `deepxml-dist prepare --train FILE --test FILE`"
        let near = suggestion(for: name, among: sets).map { "did you mean \($0)? If not, " } ?? ""
        throw Failure(
            .usage, "no such data set", at: folder,
            found: sets.isEmpty ? "no data set in \(parent)" : "in \(parent): \(sets.joined(separator: ", "))",
            expected: "a folder with \(trainFeatures), \(trainLabels), \(testFeatures), \(testLabels)", advice: near + demo)
    }

    /// The filter's path; nil where the set has none.
    public func filterPath() -> String? {
        if let filter { return path(filter) }
        return ["filter_labels_test.txt", "filter_labels_text.txt"].map(path).first(where: isFile)
    }
}

/// The files of a data set, mapped once, so that what is hashed is what is parsed.
struct XCDatasetSource {
    let files: XCDatasetFiles
    let trainFeatures: MappedFile
    let trainLabels: MappedFile
    let testFeatures: MappedFile
    let testLabels: MappedFile
    let filter: MappedFile?
    let featureIndices: MappedFile?
    let labelIndices: MappedFile?
    let labelFeatures: MappedFile?
    let heldOutLabels: MappedFile?
    let validation: (features: MappedFile, labels: MappedFile)?
    let trainFilter: MappedFile?

    init(_ files: XCDatasetFiles) throws {
        try files.checkFolder()
        self.files = files
        trainFeatures = try MappedFile(path: files.path(files.trainFeatures))
        trainLabels = try MappedFile(path: files.path(files.trainLabels))
        testFeatures = try MappedFile(path: files.path(files.testFeatures))
        testLabels = try MappedFile(path: files.path(files.testLabels))
        filter = try files.filterPath().map { try MappedFile(path: $0) }
        featureIndices = try files.featureIndices.map { try MappedFile(path: files.path($0)) }
        labelIndices = try files.labelIndices.map { try MappedFile(path: files.path($0)) }
        labelFeatures = try Self.labelFeatures(files)
        heldOutLabels = try files.heldOutLabels.map { try MappedFile(path: files.path($0)) }
        validation = try Self.validation(files, train: (trainFeatures, trainLabels), test: (testFeatures, testLabels))
        trainFilter = try Self.trainFilter(files)
    }

    /// Where all documents and labels are kept: the labels, ascending; else nil.
    func selectedLabels(_ cols: Int) throws -> [Int]? {
        guard files.keepInvalid else { return nil }
        guard let labelIndices else { return Array(0..<cols) }
        return try Self.labels(labelIndices, cols)
    }

    /// The labels of a selection, ascending.
    static func labels(_ file: MappedFile, _ cols: Int) throws -> [Int] {
        try ColumnSelection(file, cols: cols, what: "label").columns.map(Int.init).sorted()
    }

    func fingerprint(_ team: ThreadTeam) -> String {
        let all = [trainFeatures, trainLabels, testFeatures, testLabels, filter, featureIndices, labelIndices]
        let digests = Buffer<UInt64>(count: all.count)
        team.forEach(all.count) { i in digests[i] = all[i].map { ContentHash.of($0.bytes) } ?? 0 }
        var words: [UInt64] = [files.normalize ? 1 : 0, files.featureType.code, files.keepInvalid ? 1 : 0]
        // A file that isn't there is no empty file.
        for (file, digest) in zip(all, digests.array) { words += [file.map { UInt64($0.count) } ?? .max, digest] }
        if let labelFeatures, let use = files.labelText {
            words += [1, use.areDocuments ? 1 : 0, use.areKept ? 1 : 0, ContentHash.of(labelFeatures.bytes)]
        }
        if let heldOutLabels { words += [2, ContentHash.of(heldOutLabels.bytes)] }
        switch files.validation {
        case .part(let share, let seed)?:
            words += [3, share.bitPattern, seed, trainFilter.map { ContentHash.of($0.bytes) } ?? 0]
        case .files?:
            words += [4] + (validation.map { [ContentHash.of($0.features.bytes), ContentHash.of($0.labels.bytes)] } ?? [])
        case nil: break
        }
        return words.withUnsafeBytes { ContentHash.hex(ContentHash.of($0)) }
    }
}
