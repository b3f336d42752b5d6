import Datasets
import Foundation
import Glibc
import Support
import TestSupport
import Testing

@Suite struct XCDatasetCacheTests {
    private let folder: TemporaryFolder
    private let expected: CleanUpOracle
    private let files: XCDatasetFiles
    private let cacheFolder: String
    private let cache: String

    init() throws {
        folder = try TemporaryFolder()
        expected = try CleanUpOracle.load()
        try expected.write(to: folder)
        files = XCDatasetFiles(folder: folder.path)
        cacheFolder = folder.file("results/cache")
        cache = XCDataset.cachePath(cacheFolder: cacheFolder, fingerprint: try files.fingerprint(threads: 1))
    }

    private func open() throws -> XCDataset { try XCDataset.open(files: files, cacheFolder: cacheFolder, threads: 2) }
    private func inode(_ path: String) throws -> Int {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return Int(status.st_ino)
    }

    @Test func isWrittenOnceAndUsedAgain() throws {
        let first = try open()
        expected.expect(first)
        let written = try inode(cache)
        expected.expect(try open())
        #expect(try inode(cache) == written)
        let mapped = try XCDataset.map(cacheFile: cache)
        expected.expect(mapped)
        #expect(mapped.fingerprint == first.fingerprint)
        #expect(try FileManager.default.contentsOfDirectory(atPath: cacheFolder) == [first.fingerprint + ".xcd"])
    }

    @Test func otherContentHasAnotherCache() throws {
        let first = try open()
        _ = try folder.write("filter_labels_test.txt", "1 1\n")
        let second = try open()
        #expect(first.fingerprint != second.fingerprint && second.testFilter.nonZeros == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: cacheFolder).count == 2)
    }

    @Test("damage anywhere is found, and the cache built anew") func damaged() throws {
        _ = try open()
        let whole = try Data(contentsOf: URL(fileURLWithPath: cache))
        func expectRebuilt(_ data: Data, _ what: String) throws {
            try data.write(to: URL(fileURLWithPath: cache))
            expected.expect(try open())
            #expect(try Data(contentsOf: URL(fileURLWithPath: cache)) == whole, "\(what)")
        }
        for count in [0, 7, 4095, 4096, whole.count / 2, whole.count - 1] {
            try expectRebuilt(whole.prefix(count), "cut at \(count)")
        }
        try expectRebuilt(whole + Data([0]), "longer")
        for at in [0, 8, 16, 24, 40, 140, 500, 4096, 4096 + 8, 4096 + 2000, whole.count - 64] {
            var flipped = whole
            flipped[at] ^= 4
            try expectRebuilt(flipped, "bit of byte \(at)")
        }
        // A whole cache of other data under this name.
        try FileManager.default.removeItem(atPath: cache)
        let other = try XCDataset.open(
            files: XCDatasetFiles(folder: folder.path, normalize: false), cacheFolder: cacheFolder, threads: 1)
        try expectRebuilt(
            Data(contentsOf: URL(fileURLWithPath: XCDataset.cachePath(cacheFolder: cacheFolder, fingerprint: other.fingerprint))),
            "other")
    }

    @Test func mapRefusesWhatIsNoCache() throws {
        let damaged = try #require(throws: Failure.self) { try XCDataset.map(cacheFile: folder.write("x.xcd", "junk")) }
        #expect(damaged.place == folder.file("x.xcd") && damaged.advice.contains("delete it"))
        #expect(throws: Failure.self) { try XCDataset.map(cacheFile: cacheFolder + "/none.xcd") }
    }

    @Test("no place to write is said, not passed over") func cannotWrite() throws {
        let denied = try #require(throws: Failure.self) {
            try XCDataset.open(files: files, cacheFolder: "/proc/cache", threads: 1)
        }
        #expect(denied.place == "/proc/cache" && denied.code == .usage && !denied.advice.isEmpty)
        let blocked = try folder.write("blocked", "a file")
        #expect(throws: Failure.self) { try XCDataset.open(files: files, cacheFolder: blocked, threads: 1) }
    }

    @Test func badTextIsRefusedAndWritesNothing() throws {
        _ = try folder.write("tst_X_Y.txt", "15 22\n0:x\n")
        #expect(throws: Failure.self) { try open() }
        #expect(!FileManager.default.fileExists(atPath: cacheFolder))
    }
}
