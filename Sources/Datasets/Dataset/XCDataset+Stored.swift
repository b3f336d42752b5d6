import Formats
import Support

// Cache files as things of their own: in a model's folder, or under a person's eye.
extension XCDataset {
    /// The first bytes of every cache file.
    public static let cacheMagic = withUnsafeBytes(of: CacheLayout.magic.littleEndian) { Array($0) }

    /// Maps a cache file and checks the digest of every array.
    ///
    /// - Returns: the data set, or nil where an array is not as it was written.
    /// - Throws: `Failure` where the file is missing, cut off, or of another version.
    public static func checked(cacheFile: String, threads: Int) throws -> XCDataset? {
        let set = try map(cacheFile: cacheFile), file = try MappedFile(path: cacheFile)
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        guard let layout = CacheLayout(file), layout.bodyIsWhole(file, team) else { return nil }
        return set
    }

    /// Writes the data set as a cache file, which `map` opens; it appears when it is whole.
    ///
    /// - Throws: `Failure` where the folder may not be written, or the disk is full.
    public func write(cacheFile: String, threads: Int) throws {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        try writeCache(cacheFile, CacheLayout(of: self, team))
    }

    /// The same training documents and labels, and no test document.
    public var withoutTest: XCDataset {
        func empty(cols: Int, binary: Bool) -> CSRMatrix {
            CSRMatrix(
                rows: 0, cols: cols, starts: Buffer(count: 1), indices: Buffer(count: 0), values: binary ? nil : Buffer(count: 0))
        }
        return XCDataset(
            featureType: featureType, trainFeatures: trainFeatures, trainLabels: trainLabels, trainDocuments: trainDocuments,
            testFeatures: empty(cols: vocabularySize, binary: false), testLabels: empty(cols: labelCountInFile, binary: true),
            labelIds: labelIds, labelCounts: labelCounts, trainRowsInFile: trainRowsInFile,
            testFilter: empty(cols: labelCountInFile, binary: true), fingerprint: fingerprint)
    }
}
