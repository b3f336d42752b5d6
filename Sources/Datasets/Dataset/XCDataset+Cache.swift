import Formats
import Glibc
import Support

extension XCDataset {
    /// Where `open` keeps the binary form of the data set with this fingerprint.
    public static func cachePath(cacheFolder: String, fingerprint: String) -> String { "\(cacheFolder)/\(fingerprint).xcd" }

    /// The data set, by its cache where a whole one is there; else its text is read and the cache is written.
    ///
    /// One rank of a node calls this; the others `map` the file at `cachePath`, and share its pages. A damaged, cut-off
    /// or outdated cache is built anew. The buffers are views of the mapped file, and must not be written.
    ///
    /// - Parameter writesCache: false: a cache that is there is used, none is written.
    /// - Throws: `Failure` as `load` does, or where the cache can't be written (no right, disk full).
    public static func open(
        files: XCDatasetFiles, cacheFolder: String, threads: Int, writesCache: Bool = true
    ) throws -> XCDataset {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        let source = try XCDatasetSource(files)
        let fingerprint = ProgressScope.stage("checking the data set's files") { _ in source.fingerprint(team) }
        let path = cachePath(cacheFolder: cacheFolder, fingerprint: fingerprint)
        if let set = ProgressScope.stage("checking the data set's cache", body: { _ in cached(path, fingerprint, team) }) {
            return set
        }
        let set = try load(source, fingerprint: fingerprint, team)
        guard writesCache else { return set }
        try makeFolder(cacheFolder)
        try ProgressScope.stage("writing the data set's cache") { _ in try set.writeCache(path, CacheLayout(of: set, team)) }
        return try map(cacheFile: path)
    }

    /// The data set of the cache file at `path`, where that is whole and of the files of this fingerprint.
    private static func cached(_ path: String, _ fingerprint: String, _ team: ThreadTeam) -> XCDataset? {
        if isFile(path), let file = try? MappedFile(path: path), let layout = CacheLayout(file),
            ContentHash.hex(layout.fingerprint) == fingerprint, layout.bodyIsWhole(file, team)
        {
            return layout.dataset(file)
        }
        return nil
    }

    /// The data set of a cache file that `open` has just checked or written on this node: a look at its header, no reading.
    ///
    /// - Throws: `Failure` where the file is missing, cut off, or of another version.
    public static func map(cacheFile: String) throws -> XCDataset {
        let file = try MappedFile(path: cacheFile)
        guard let layout = CacheLayout(file) else {
            throw Failure(
                .usage, "not a whole cache of a data set", at: cacheFile,
                found: "\(file.count) bytes, or a header that is damaged",
                expected: "a file that this version of deepxml-dist wrote",
                advice: "delete it and run again: it is built anew from the text files")
        }
        return layout.dataset(file)
    }

    func writeCache(_ path: String, _ layout: CacheLayout) throws {
        var file = try AtomicFile(path: path)
        try file.write(layout.header)
        try withExtendedLifetime(self) {
            for bytes in CacheLayout.arrays(of: self) {
                try file.write(bytes)
                try file.pad(to: CacheLayout.alignment)
            }
        }
        try file.commit()
    }
}

// Cache files outside a cache: in a model's folder, or given to `inspect`.
extension XCDataset {
    /// The first bytes of every cache file.
    public static let cacheMagic = withUnsafeBytes(of: CacheLayout.magic.littleEndian) { Array($0) }

    /// Maps a cache file and checks the digest of every array, and every number.
    ///
    /// - Returns: the data set, or nil where an array is not as it was written.
    /// - Throws: `Failure` where the file is missing, cut off, or of another version, or a number is out of range.
    public static func checked(cacheFile: String, threads: Int) throws -> XCDataset? {
        let set = try map(cacheFile: cacheFile), file = try MappedFile(path: cacheFile)
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        guard let layout = CacheLayout(file), layout.bodyIsWhole(file, team) else { return nil }
        let checks = RangeChecks(of: cacheFile, team: team)
        try set.checkLabels(checks)
        try set.checkDocuments(checks)
        try set.checkOthers(checks)
        return set
    }

    /// Maps a cache file, of which the labels' numbers are checked: enough to say how many there are of all.
    ///
    /// - Throws: `Failure` where the file is missing, cut off, or of another version, or a number is out of range.
    public static func listed(cacheFile: String) throws -> XCDataset {
        let set = try map(cacheFile: cacheFile)
        try set.checkLabels(RangeChecks(of: cacheFile))
        return set
    }

    /// Writes the data set as a cache file, which `map` opens; it appears when it is complete.
    ///
    /// - Throws: `Failure` where the folder may not be written, or the disk is full.
    public func write(cacheFile: String, threads: Int) throws {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        try writeCache(cacheFile, CacheLayout(of: self, team))
    }

    /// The same labels, features by number, and how frequent labels are in the file: no document.
    public var withoutDocuments: XCDataset {
        XCDataset(
            featureType: featureType, trainFeatures: .withoutRows(cols: vocabularySize, binary: false),
            trainLabels: .withoutRows(cols: labelCount, binary: true), trainDocuments: .withoutEntries(rows: labelCount),
            testFeatures: .withoutRows(cols: vocabularySize, binary: false),
            testLabels: .withoutRows(cols: labelCountInFile, binary: true), labelIds: labelIds, labelCounts: labelCounts,
            trainRowsInFile: trainRowsInFile, testFilter: .withoutRows(cols: labelCountInFile, binary: true),
            fingerprint: fingerprint)
    }

    /// The same labels and which documents have them, and no document's features.
    var withoutFeatures: XCDataset {
        XCDataset(
            featureType: featureType, trainFeatures: .withoutRows(cols: vocabularySize, binary: false),
            trainLabels: .withoutRows(cols: labelCount, binary: true), trainDocuments: trainDocuments,
            testFeatures: .withoutRows(cols: vocabularySize, binary: false),
            testLabels: .withoutRows(cols: labelCountInFile, binary: true), labelIds: labelIds, labelCounts: labelCounts,
            trainRowsInFile: trainRowsInFile, testFilter: .withoutRows(cols: labelCountInFile, binary: true),
            fingerprint: fingerprint)
    }

    /// The same training documents, labels and texts of labels, and no test document.
    public var withoutTest: XCDataset {
        XCDataset(
            featureType: featureType, trainFeatures: trainFeatures, trainLabels: trainLabels, trainDocuments: trainDocuments,
            testFeatures: .withoutRows(cols: vocabularySize, binary: false),
            testLabels: .withoutRows(cols: labelCountInFile, binary: true),
            labelIds: labelIds, labelCounts: labelCounts, trainRowsInFile: trainRowsInFile,
            testFilter: .withoutRows(cols: labelCountInFile, binary: true), labelFeatures: labelFeatures,
            fingerprint: fingerprint)
    }
}

extension CSRMatrix {
    fileprivate static func withoutEntries(rows: Int) -> CSRMatrix {
        CSRMatrix(rows: rows, cols: 0, starts: Buffer(count: rows + 1), indices: Buffer(count: 0), values: nil)
    }

    fileprivate static func withoutRows(cols: Int, binary: Bool) -> CSRMatrix {
        CSRMatrix(
            rows: 0, cols: cols, starts: Buffer(count: 1), indices: Buffer(count: 0), values: binary ? nil : Buffer(count: 0))
    }
}
