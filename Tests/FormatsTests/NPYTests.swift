import Formats
import Foundation
import Support
import TestSupport
import Testing

/// What Tests/oracles/xcdata_oracle.py says that its arrays hold.
struct ArraysOracle: Decodable {
    var dense: [[Float]]
    var indptr: [Int64]
    var indices: [Int32]
    var data: [Float]

    static func load() throws -> ArraysOracle { try JSONDecoder().decode(ArraysOracle.self, from: oracle("arrays.json")) }
}

@Suite struct NPYTests {
    @Test("as numpy wrote them", arguments: ["f4.npy", "f8.npy", "f4_fortran.npy", "f4_big.npy"]) func reads(_ name: String)
        throws
    {
        let expected = try ArraysOracle.load().dense
        let m = try NPY.readFloatMatrix(path: oraclePath(name), rows: 5, cols: 3)
        #expect(m.rows == 5 && m.cols == 3)
        #expect(m.buffer.array == expected.flatMap { $0 })
    }

    @Test func readsHalves() throws {
        let m = try NPY.readFloatMatrix(path: oraclePath("f2.npy"))
        #expect(m.buffer.array == (try ArraysOracle.load().dense.flatMap { $0.map { Float(Float16($0)) } }))
    }

    @Test func writesWhatNumpyWrites() throws {
        let folder = try TemporaryFolder()
        let m = DenseMatrix(rows: 5, cols: 3, buffer: Buffer(try ArraysOracle.load().dense.flatMap { $0 }))
        try NPY.write(m, path: folder.file("m.npy"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("m.npy"))) == oracle("f4.npy"))
        #expect(folder.names == ["m.npy"])
    }

    @Test func theViewOutlivesItsMatrix() throws {
        var matrix: DenseMatrix? = try NPY.readFloatMatrix(path: oraclePath("f4.npy"))
        let buffer = try #require(matrix?.buffer)
        matrix = nil
        #expect(buffer[14] == (try ArraysOracle.load().dense[4][2]))
    }

    private func failure(_ path: String, rows: Int? = nil, cols: Int? = nil) throws -> Failure {
        let failure = try #require(throws: Failure.self) { try NPY.readFloatMatrix(path: path, rows: rows, cols: cols) }
        #expect(failure.code == .usage && failure.place.hasPrefix(path))
        return failure
    }

    @Test func wrongShapeOrType() throws {
        let shape = try failure(oraclePath("f4.npy"), rows: 6, cols: 3)
        #expect(shape.problem == "wrong shape" && shape.found == "(5, 3)" && shape.expected == "(6, 3)")
        #expect(try failure(oraclePath("f4.npy"), cols: 300).expected == "(rows, 300)")
        #expect(try failure(oraclePath("cube.npy")).found == "(2, 2, 2)")
        let type = try failure(oraclePath("i8.npy"))
        #expect(type.problem == "wrong type" && type.found == "`<i8`")
    }

    @Test func damaged() throws {
        let folder = try TemporaryFolder()
        let whole = [UInt8](try oracle("f4.npy"))
        for count in [0, 5, 9, 60, 127] {
            #expect(try failure(folder.write("cut.npy", Array(whole[..<count]))).expected.contains("NumPy array file"))
        }
        #expect(try failure(folder.write("cut.npy", whole.dropLast())).problem == "the file is cut off")
        #expect(try failure(folder.write("long.npy", whole + [0])).problem.contains("longer"))
        #expect(try failure(folder.write("text.npy", "1 2 3\n4 5 6\n")).problem == "not a NumPy array file")
        #expect(try failure(folder.file("none.npy")).problem == "file not found")
        var huge = whole
        huge.replaceSubrange(huge.firstRange(of: Array("(5, 3), }".utf8))!, with: Array("(4611686018427387904, 3), }".utf8))
        huge.removeSubrange(110..<128)
        #expect(try failure(folder.write("huge.npy", huge)).problem == "wrong shape")
    }

    @Test func notFinite() throws {
        let folder = try TemporaryFolder()
        for (bad, name) in [(Float.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")] {
            let m = DenseMatrix(rows: 9000, cols: 3)
            m[8500, 2] = bad
            try NPY.write(m, path: folder.file("m.npy"))
            let failure = try failure(folder.file("m.npy"))
            #expect(failure.place == folder.file("m.npy") + ": row 8500, column 2" && failure.found == name)
        }
    }

    @Test func anyBytesAreReadOrRefused() throws {
        let folder = try TemporaryFolder()
        var random = XCTextFuzzTests.SeededGenerator(state: 11)
        for _ in 0..<800 {
            var bytes = [UInt8](try oracle("f4.npy"))
            for _ in 0..<3 { bytes[Int.random(in: 0..<128, using: &random)] = UInt8.random(in: 0...127, using: &random) }
            let path = try folder.write("m.npy", bytes)
            do { _ = try NPY.readFloatMatrix(path: path) } catch is Failure {}
        }
    }

    @Test(
        "what a listing says of bytes, and of types longer than any memory",
        arguments: [
            ("<U3", [2], 24), ("|S5", [2, 3], 30), ("<f4", [], 4), ("|O", [2], nil), ("<U9223372036854775807", [1], nil),
            ("<U4611686018427387904", [2], nil), ("|S9223372036854775807", [0], 0), ("<i8", [Int.max, 2], nil),
        ] as [(String, [Int], Int?)])
    func bytesOfAListing(type: String, shape: [Int], bytes: Int?) throws {
        let folder = try TemporaryFolder(), path = folder.file("x.npy")
        let content = NPYHeader(type: type, shape: shape).bytes + [UInt8](repeating: 0, count: bytes ?? 0)
        try Data(content).write(to: URL(fileURLWithPath: path))
        #expect(try ArrayListing.npy(path: path).byteCount == bytes)
    }

    @Test func writingWhereOneMayNot() throws {
        let m = DenseMatrix(rows: 1, cols: 1)
        let missing = try #require(throws: Failure.self) { try NPY.write(m, path: "/nonexistent-folder/m.npy") }
        #expect(missing.code == .usage && missing.place == "/nonexistent-folder/m.npy")
        let denied = try #require(throws: Failure.self) { try NPY.write(m, path: "/proc/m.npy") }
        #expect(denied.code == .usage && !denied.advice.isEmpty)
    }
}
