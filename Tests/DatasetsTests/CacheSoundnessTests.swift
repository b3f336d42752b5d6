import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// Caches with digests that fit and numbers that cannot be: a file that somebody made on purpose.
@Suite struct CacheSoundnessTests {
    private let folder: TemporaryFolder
    private let path: String
    private let whole: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write("trn_X_Xf.txt", "2 3\n1:1\n0:3 2:4\n")
        _ = try folder.write("trn_X_Y.txt", "2 2\n0:1\n1:1\n")
        _ = try folder.write("tst_X_Xf.txt", "1 3\n2:1\n")
        _ = try folder.write("tst_X_Y.txt", "1 2\n1:1\n")
        let set = try XCDataset.open(
            files: XCDatasetFiles(folder: folder.path), cacheFolder: folder.file("cache"), threads: 1)
        path = XCDataset.cachePath(cacheFolder: folder.file("cache"), fingerprint: set.fingerprint)
        whole = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Of version 2: six words, rows and columns of six matrices, offset, count and digest of 16 arrays, the digest of all.
    private enum Word {
        static let trainRows = 6, trainColumns = 7, digest = 66
        static func offset(_ array: Int) -> Int { 18 + 3 * array }
        static func count(_ array: Int) -> Int { 19 + 3 * array }
    }

    /// An element of an array, of 4 or 8 bytes.
    private struct Element {
        var array: Int, at: Int, width: Int, value: Int64
    }

    /// The file with some words of its header and an element changed, and the digests made to fit.
    private func changed(_ words: [Int: UInt64] = [:], _ element: Element? = nil) throws -> String {
        var bytes = whole
        bytes.withUnsafeMutableBytes { bytes in
            let header = bytes.bindMemory(to: UInt64.self)
            for (at, value) in words { header[at] = value }
            if let element {
                let start = Int(header[Word.offset(element.array)]), at = start + element.width * element.at
                withUnsafeBytes(of: element.value.littleEndian) {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[at...]).copyBytes(from: $0.prefix(element.width))
                }
                let end = start + element.width * Int(header[Word.count(element.array)])
                header[Word.count(element.array) + 1] = ContentHash.of(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            header[Word.digest] = ContentHash.of(UnsafeRawBufferPointer(rebasing: bytes[..<(8 * Word.digest)]))
        }
        let path = folder.file("changed.xcd")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func theUnchangedFileIsTaken() throws {
        let set = try #require(try XCDataset.checked(cacheFile: try changed(), threads: 1))
        #expect(set.trainFeatures.indices.array == [1, 0, 2] && set.labelIds.array == [0, 1])
    }

    @Test(
        "numbers that no data set has are refused by a look at the header",
        arguments: [
            (Word.trainRows, UInt64(3)), (Word.trainRows, .max), (Word.trainRows, 1 << 40), (Word.trainColumns, .max), (4, .max),
            (Word.offset(1), 1 << 62), (Word.offset(1), 4096 + 4), (Word.offset(1), 64), (Word.count(1), .max),
            (Word.count(1), 1 << 61), (Word.count(1), 2), (Word.count(0), 2), (Word.count(2), 2), (Word.count(12), 1),
        ])
    func absurdHeader(word: Int, value: UInt64) throws {
        let path = try changed([word: value])
        let failure = try #require(throws: Failure.self) { try XCDataset.map(cacheFile: path) }
        #expect(failure.problem == "not a whole cache of a data set")
        #expect(throws: failure) { try XCDataset.checked(cacheFile: path, threads: 1) }
    }

    @Test(
        "entries outside their matrix, rows that end before they begin and labels that the files lack are refused by a reading",
        arguments: [
            (1, 2, 4, -1), (1, 2, 4, 3), (1, 2, 4, Int64(Int32.max)), (0, 1, 8, 4), (0, 1, 8, -1), (0, 0, 8, 1), (0, 2, 8, 2),
            (12, 1, 4, 2),
        ])
    func absurdEntry(array: Int, at: Int, width: Int, value: Int64) throws {
        let path = try changed([:], Element(array: array, at: at, width: width, value: value))
        let failure = try #require(throws: Failure.self) { try XCDataset.checked(cacheFile: path, threads: 1) }
        #expect(failure.problem == "not a whole cache of a data set")
    }
}
