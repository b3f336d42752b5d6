import Datasets
import Formats
import Foundation
import Support

/// Finds out what lies at a path, by its content, and describes it.
public struct Inspector {
    public let path: String
    /// Read every byte and compare every checksum.
    public let verify: Bool
    public let threads: Int

    public init(path: String, verify: Bool = false, threads: Int = 1) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.verify = verify
        self.threads = threads
    }

    /// - Throws: `Failure` where there is nothing at the path, or nothing of a kind that we know. What is damaged is part
    ///   of the result instead.
    public func inspect() throws -> Inspection {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Failure(
                .usage, "there is nothing at this path", at: path, expected: Self.kinds,
                advice: "check the path; it is taken from the folder in which the command runs")
        }
        return try isFolder.boolValue ? folder() : file()
    }

    private static let kinds =
        "a checkpoint, a model's folder (models/…/v_<version>_<seed>), a data set, a folder of results, "
        + "or an .h5, .npz, .npy or .xcd file"

    private func folder() throws -> Inspection {
        let names = try listing(), has = Set(names).contains
        if CheckpointPage.isCheckpoint(path, has) { return try CheckpointPage(self).checkpoint() }
        if has("ensemble.json") { return try ModelPage(self).ensemble() }
        if has("model.json") || names.contains(where: CheckpointPage.isCheckpointName) { return try ModelPage(self).model() }
        if ResultsPage.files.contains(where: has) { return try ResultsPage(self).results(names) }
        if DatasetPage.files.contains(where: has) { return try DatasetPage(self).dataset(names) }
        throw Failure(
            .usage, "a folder of no kind that this command knows", at: path,
            found: names.isEmpty ? "an empty folder" : names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : ""),
            expected: Self.kinds, advice: "name one of the folders in it")
    }

    private func listing() throws -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            throw Failure(
                .usage, "the folder cannot be read", at: path, found: error.localizedDescription,
                advice: "check who may read it (ls -ld)")
        }
    }

    private func file() throws -> Inspection {
        let start = try FileStart.bytes(path, count: 8), page = ArrayPage(self)
        if start.starts(with: [0x89, 0x48, 0x44, 0x46]) { return try page.h5() }
        if start.starts(with: [0x50, 0x4b, 0x03, 0x04]) { return try page.npz() }
        if start.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) { return try page.npy() }
        if start == XCDataset.cacheMagic { return try DatasetPage(self).cache() }
        // Formats whose first bytes are damaged are still known by their names.
        for (suffix, kind) in [("h5", "HDF5 file"), ("npz", "npz archive"), ("npy", "npy array"), ("xcd", "data set cache")]
        where path.hasSuffix(".\(suffix)") {
            var page = Inspection(kind, path: path, verify: verify)
            page.add("size", .bytes(Self.size(path)))
            page.addDamage(path, "the first bytes are not those of an .\(suffix) file")
            return page
        }
        throw Failure(
            .usage, "a file of no kind that this command knows", at: path,
            found: start.isEmpty ? "an empty file" : "first bytes " + start.map { String($0, radix: 16) }.joined(separator: " "),
            expected: Self.kinds, advice: "name the folder in which it lies")
    }

    static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}

/// The first bytes of a file, which tell its format.
enum FileStart {
    /// At most `count` bytes.
    ///
    /// - Throws: `Failure` where the file cannot be read.
    static func bytes(_ path: String, count: Int) throws -> [UInt8] {
        // A pipe would be waited for.
        guard isFile(path), let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure(
                .usage, "the file cannot be read", at: path, found: isFile(path) ? "" : "a device, pipe or socket",
                advice: "check the path, and who may read it (ls -l)")
        }
        defer { try? handle.close() }
        return Array((try? handle.read(upToCount: count)) ?? Data())
    }
}
