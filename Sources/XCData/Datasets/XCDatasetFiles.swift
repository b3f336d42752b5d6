import Buffers
import Diagnostics

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

    /// - Parameters:
    ///   - folder: `<work>/data/<dataset>`.
    ///   - global: the config's section that names the files.
    public init(folder: String, global: GlobalConfig = GlobalConfig(), normalize: Bool = true, filter: String? = nil) {
        self.folder = folder
        trainFeatures = global.trnFeatFname
        trainLabels = global.trnLabelFname
        testFeatures = global.tstFeatFname
        testLabels = global.tstLabelFname
        self.filter = filter
        self.normalize = normalize
    }

    /// The path of one of the set's files.
    public func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }

    /// The hex digest of the content of all files and of `normalize`; names and places don't matter.
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
    func filterPath() -> String? {
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

    init(_ files: XCDatasetFiles) throws {
        try files.checkFolder()
        self.files = files
        trainFeatures = try MappedFile(path: files.path(files.trainFeatures))
        trainLabels = try MappedFile(path: files.path(files.trainLabels))
        testFeatures = try MappedFile(path: files.path(files.testFeatures))
        testLabels = try MappedFile(path: files.path(files.testLabels))
        filter = try files.filterPath().map { try MappedFile(path: $0) }
    }

    func fingerprint(_ team: ThreadTeam) -> String {
        let all = [trainFeatures, trainLabels, testFeatures, testLabels] + (filter.map { [$0] } ?? [])
        let digests = Buffer<UInt64>(count: all.count)
        team.forEach(all.count) { digests[$0] = ContentHash.of(all[$0].bytes) }
        var words: [UInt64] = [files.normalize ? 1 : 0]
        for (file, digest) in zip(all, digests.array) { words += [UInt64(file.count), digest] }
        return words.withUnsafeBytes { ContentHash.hex(ContentHash.of($0)) }
    }
}
