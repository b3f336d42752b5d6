import Datasets
import Formats
import Foundation
import Support
import TestSupport
import Testing

@Suite struct PreparedEmbeddingsTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let words = try String(contentsOfFile: FastTextOracle.path("words.txt"), encoding: .utf8)
        _ = try folder.write("vocabulary.txt", words)
    }

    private func prepare(_ path: String, writes: Bool = true) throws -> PreparedEmbeddings {
        try PreparedEmbeddings.prepare(
            path: path, datasetFolder: folder.path, tokens: 10, dimensions: 6, cacheFolder: folder.file("cache"),
            writesCache: writes)
    }

    @Test func aModelBecomesAnArrayOnce() throws {
        let first = try prepare(FastTextOracle.path("subwords.bin"))
        #expect(first.path == "\(folder.file("cache"))/\(first.fingerprint).npy")
        #expect(first.notice?.contains("5 of 10 tokens by their words, 5 by their sub-words, 0 drawn") == true)
        let rows = try NPY.readFloatMatrix(path: first.path, rows: 10, cols: 6)
        #expect(near(oneRow(rows, 1), try FastTextOracle.printed("subwords")[1].vector))
        // A second run takes the array as it is, even where it is another.
        try NPY.write(DenseMatrix(rows: 10, cols: 6), path: first.path)
        #expect(try prepare(FastTextOracle.path("subwords.bin")) == first)
        #expect(try NPY.readFloatMatrix(path: first.path).buffer.array.allSatisfy { $0 == 0 })
    }

    @Test func aDamagedCacheIsMadeAgain() throws {
        let first = try prepare(FastTextOracle.path("subwords.vec"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: first.path))
        try whole.dropLast(5).write(to: URL(fileURLWithPath: first.path))
        #expect(try prepare(FastTextOracle.path("subwords.vec")) == first)
        #expect(try Data(contentsOf: URL(fileURLWithPath: first.path)) == whole)
        try FileManager.default.removeItem(atPath: "\(first.path).txt")
        #expect(try prepare(FastTextOracle.path("subwords.vec")).notice == first.notice)
    }

    @Test func theFingerprintIsTheContents() throws {
        let first = try prepare(FastTextOracle.path("subwords.vec"), writes: false)
        #expect(!FileManager.default.fileExists(atPath: folder.file("cache")))
        let copy = folder.file("copy")
        try FileManager.default.copyItem(atPath: FastTextOracle.path("subwords.vec"), toPath: copy)
        #expect(try prepare(copy, writes: false).fingerprint == first.fingerprint)
        #expect(try prepare(FastTextOracle.path("subwords.bin"), writes: false).fingerprint != first.fingerprint)
        _ = try folder.write("vocabulary.txt", "the\nfox\n" + (0..<8).map { "w\($0)\n" }.joined())
        #expect(try prepare(copy, writes: false).fingerprint != first.fingerprint)
    }

    @Test func anArrayStaysWhereItIs() throws {
        let path = folder.file("e.npy")
        try NPY.write(DenseMatrix(rows: 10, cols: 6), path: path)
        let prepared = try prepare(path)
        #expect(prepared.path == path && prepared.notice == nil)
        #expect(prepared.fingerprint == (try ContentHash.ofFile(path)))
        // An array under any name is one, and what is called .npy and is none says so.
        try FileManager.default.moveItem(atPath: path, toPath: folder.file("e.vec"))
        #expect(try prepare(folder.file("e.vec")).path == folder.file("e.vec"))
        let text = try folder.write("f.npy", "the 50 x 300 vectors")
        let failure = try #require(throws: Failure.self) { try prepare(text) }
        #expect(failure.problem == "not a NumPy array file")
    }
}
