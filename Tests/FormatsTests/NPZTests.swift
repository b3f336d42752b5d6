import Formats
import Foundation
import Support
import TestSupport
import Testing

@Suite struct NPZTests {
    @Test("as scipy wrote them", arguments: ["stored_f4.npz", "deflated_f8.npz", "wide.npz", "unsorted.npz"])
    func reads(_ name: String) throws {
        let expected = try ArraysOracle.load()
        let m = try NPZ.readCSR(path: oraclePath(name))
        #expect(m.rows == 7 && m.cols == 11)
        #expect(m.starts.array == expected.indptr && m.indices.array == expected.indices && m.values?.array == expected.data)
    }

    private static let small = CSRMatrix(cols: 6, rows: [[(0, 1.5), (5, -2)], [], [(3, 0.25)]])

    @Test("zip64 records or none", arguments: [0, 100, 0xFFFF_FFFF]) func roundTrip(_ zip64From: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("score.npz")
        try NPZ.writeCSR(path: path, matrix: Self.small, zip64From: zip64From)
        // For Tests/oracles/npz_roundtrip.py, which lets scipy look at the same files.
        if let keep = ProcessInfo.processInfo.environment["NPZ_ROUNDTRIP_FOLDER"] {
            try NPZ.writeCSR(path: "\(keep)/small-\(zip64From).npz", matrix: Self.small, zip64From: zip64From)
        }
        let m = try NPZ.readCSR(path: path)
        #expect(m.rows == 3 && m.cols == 6 && m.starts.array == Self.small.starts.array)
        #expect(m.indices.array == Self.small.indices.array && m.values?.array == [1.5, -2, 0.25])
        #expect(folder.names == ["score.npz"])
    }

    @Test func binaryAndEmptyMatrices() throws {
        let folder = try TemporaryFolder()
        try NPZ.writeCSR(path: folder.file("b.npz"), matrix: CSRMatrix(cols: 3, rows: [[(0, 7), (2, 7)]], binary: true))
        #expect(try NPZ.readCSR(path: folder.file("b.npz")).values?.array == [1, 1])
        try NPZ.writeCSR(path: folder.file("e.npz"), matrix: CSRMatrix(cols: 3, rows: []))
        let empty = try NPZ.readCSR(path: folder.file("e.npz"))
        #expect(empty.rows == 0 && empty.cols == 3 && empty.nonZeros == 0)
    }

    private func failure(_ path: String) throws -> Failure {
        let failure = try #require(throws: Failure.self) { try NPZ.readCSR(path: path) }
        #expect(failure.code == .usage && failure.place.hasPrefix(path))
        return failure
    }

    @Test func refusesWhatIsNoSoundCSR() throws {
        let folder = try TemporaryFolder()
        func written(_ rows: [[(Int32, Float)]], cols: Int) throws -> String {
            try NPZ.writeCSR(path: folder.file("m.npz"), matrix: CSRMatrix(cols: cols, rows: rows))
            return folder.file("m.npz")
        }
        #expect(try failure(oraclePath("csc.npz")).found == "`csc`")
        #expect(try failure(written([[(6, 1)]], cols: 6)).problem == "index out of range")
        #expect(try failure(written([[(-1, 1)]], cols: 6)).problem == "index out of range")
        #expect(try failure(written([[(0, .nan)]], cols: 6)).problem == "value not finite")
        #expect(try failure(written([[], [(4, 1), (4, 2)]], cols: 6)).place.hasSuffix("row 1"))
        #expect(try failure(oraclePath("f4.npy")).problem == "not a whole zip archive")
        #expect(try failure(folder.file("none.npz")).problem == "file not found")
    }

    @Test func damageIsFound() throws {
        let folder = try TemporaryFolder()
        let whole = [UInt8](try oracle("deflated_f8.npz"))
        for count in stride(from: 0, to: whole.count, by: 7) { _ = try failure(folder.write("cut.npz", Array(whole[..<count]))) }
        let stored = [UInt8](try oracle("stored_f4.npz"))
        let data = try #require(stored.firstRange(of: Array("data.npy".utf8)))
        var flipped = stored
        flipped[data.upperBound + 128 + 20] ^= 1
        #expect(try failure(folder.write("flipped.npz", flipped)).found.contains("checksum"))
    }

    @Test func anyBytesAreReadOrRefused() throws {
        let folder = try TemporaryFolder()
        var random = XCTextFuzzTests.SeededGenerator(state: 13)
        for name in ["deflated_f8.npz", "stored_f4.npz"] {
            let whole = [UInt8](try oracle(name))
            for _ in 0..<600 {
                var bytes = whole
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = [0, 0xFF, UInt8.random(in: 0...255, using: &random)]
                        .randomElement(using: &random)!
                }
                let path = try folder.write("m.npz", bytes)
                do { _ = try NPZ.readCSR(path: path) } catch is Failure {}
            }
        }
    }
}
