import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

@Suite struct ScoreFileTests {
    let scratch: TemporaryFolder
    let scores = CSRMatrix(cols: 9, rows: [[(0, 0.5), (8, 0.25)], [], [(3, 1)]])
    let binary = CSRMatrix(cols: 4, rows: [[(1, 1)]], binary: true)

    init() throws { scratch = try TemporaryFolder() }

    private func same(_ a: CSRMatrix, _ b: CSRMatrix) -> Bool {
        a.rows == b.rows && a.cols == b.cols && a.starts.array == b.starts.array && a.indices.array == b.indices.array
            && a.values?.array == b.values?.array
    }

    @Test func oneMatrixComesBack() throws {
        for (name, matrix) in [
            ("a", scores), ("b", binary), ("c", CSRMatrix(cols: 5, rows: [])), ("d", CSRMatrix(cols: 0, rows: [[]])),
        ] {
            try ScoreFile.write(matrix, to: scratch.file(name))
            #expect(same(try ScoreFile.read(scratch.file(name)), matrix))
        }
        #expect(scratch.names == ["a", "b", "c", "d"])
    }

    @Test func partsAndAttributesComeBack() throws {
        let attributes: [String: H5Attribute] = ["config": .string("c1"), "seed": .int(108)]
        try ScoreFile.write(parts: ["clf": scores, "knn": binary], to: scratch.file("p"), attributes: attributes)
        let (parts, back) = try ScoreFile.readParts(scratch.file("p"))
        #expect(parts.keys.sorted() == ["clf", "knn"] && back == attributes)
        let (clf, knn) = (try #require(parts["clf"]), try #require(parts["knn"]))
        #expect(same(clf, scores) && same(knn, binary))
    }

    /// Several chunks of HDF5 and several blocks of rows.
    private var large: CSRMatrix { made(rows: 9000, cols: 60) { r, c in Float(r * 60 + c) } }

    /// The file as it was written before scores came by blocks: earlier versions and this one read each other's.
    @Test func blocksMakeTheBytesOfWholeArrays() throws {
        let large = large, spooled = try SpooledMatrix(rows: large.rows, cols: large.cols, folder: scratch.file("spool"))
        for start in stride(from: 0, to: large.rows, by: 500) { try spooled.append(large.block(start..<start + 500)) }
        try ScoreFile.write(parts: ["clf": spooled, "knn": scores], to: scratch.file("blocks"), attributes: ["seed": .int(1)])
        let file = try H5File(creating: scratch.file("whole"))
        try file.setAttribute("format", .string("deepxml-dist scores 1"))
        try file.setAttribute("seed", .int(1))
        for (name, matrix) in [("clf", large), ("knn", scores)] {
            try file.write("/\(name)/indptr", matrix.starts)
            try file.write("/\(name)/indices", matrix.indices)
            try file.write("/\(name)/data", try #require(matrix.values))
            try file.setAttribute("shape", .ints([matrix.rows, matrix.cols]), on: "/\(name)")
            var checksum = CRC32()
            for bytes in [matrix.starts.bytes, matrix.indices.bytes, try #require(matrix.values).bytes] {
                checksum.update(UnsafeRawBufferPointer(bytes))
            }
            try file.setAttribute("checksum", .string(checksum.hex), on: "/\(name)")
        }
        try file.setAttribute("parts", .string("clf,knn"))
        try file.close()
        let (blocks, whole) = (try bytes("blocks"), try bytes("whole"))
        #expect(blocks.count > 3 << 20 && blocks == whole)
    }

    private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: scratch.file(name))) }

    @Test func partsAreReadByBlocks() throws {
        let large = large
        try ScoreFile.write(parts: ["clf": large, "knn": binary], to: scratch.file("p"), attributes: ["seed": .int(1)])
        let (parts, attributes) = try ScoreFile.openParts(scratch.file("p"))
        let clf = try #require(parts["clf"]), knn = try #require(parts["knn"])
        #expect(attributes == ["seed": .int(1)] && clf.rows == 9000 && clf.nonZeros == large.nonZeros && !knn.hasValues)
        for range in [0..<9000, 0..<1, 4000..<8500, 8999..<9000, 12..<12] {
            #expect(same(try clf.block(range), large.block(range)), "\(range)")
        }
        #expect(same(try knn.block(0..<1), binary))
    }

    /// Each is damage, found when the parts are opened.
    @Test func damagedPartsAreNotOpened() throws {
        for (starts, checksum) in [([0, 2, 2, 3], false), ([0, 2, 1, 3], true), ([0, 2, 2, 4], true), ([0, 2, 3], true)] {
            let path = scratch.file("damaged"), starts = Buffer(starts.map { Int64($0) })
            let file = try H5File(creating: path)
            try file.write("/clf/indptr", starts)
            try file.write("/clf/indices", scores.indices)
            try file.write("/clf/data", try #require(scores.values))
            try file.setAttribute("shape", .ints([3, 9]), on: "/clf")
            var real = CRC32()
            for bytes in [starts.bytes, scores.indices.bytes, try #require(scores.values).bytes] {
                real.update(UnsafeRawBufferPointer(bytes))
            }
            try file.setAttribute("checksum", .string(checksum ? real.hex : "00000000"), on: "/clf")
            try file.setAttribute("parts", .string("clf"))
            try file.close()
            #expect(try failure { _ = try ScoreFile.openParts(path) }.code == .damagedCheckpoint, "\(starts.array)")
            #expect(try failure { _ = try ScoreFile.readParts(path) }.code == .damagedCheckpoint, "\(starts.array)")
        }
    }

    @Test func aMissingFileIsNotADamagedOne() throws {
        #expect(try failure { _ = try ScoreFile.read(scratch.file("none.h5")) }.code == .usage)
    }

    /// Numbers that are not those of the checksum, in a file that is sound for HDF5.
    @Test func otherNumbersThanTheChecksumsAreDamage() throws {
        let sound = scratch.file("sound"), changed = scratch.file("changed")
        try ScoreFile.write(scores, to: sound)
        let checksum = try #require(try H5File(opening: sound).attribute("checksum"))
        let file = try H5File(creating: changed)
        let other = Buffer<Float>([0.5, 0.25, 2])
        try file.write("indptr", scores.starts)
        try file.write("indices", scores.indices)
        try file.write("data", other)
        try file.setAttribute("shape", .ints([scores.rows, scores.cols]))
        try file.setAttribute("checksum", checksum)
        try file.close()
        #expect(same(try ScoreFile.read(sound), scores))
        let found = try failure { _ = try ScoreFile.read(changed) }
        #expect(found.code == .damagedCheckpoint && found.found.contains("checksum"))
    }

    /// Every truncation, and a bit of every byte: an error, or what was written (bytes that HDF5 does not use).
    @Test func noDamageGivesOtherScores() throws {
        let path = scratch.file("p")
        try ScoreFile.write(parts: ["clf": scores], to: path, attributes: ["seed": .int(108)])
        let corruptor = try FileCorruptor(path)
        var found = 0
        func expectErrorOrIntact(_ what: String) throws {
            do {
                let (parts, attributes) = try ScoreFile.readParts(path)
                let clf = try #require(parts["clf"])
                #expect(parts.count == 1 && same(clf, scores) && attributes == ["seed": .int(108)], "\(what)")
            } catch is Failure {
                found += 1
            }
        }
        try corruptor.flips(expectErrorOrIntact)
        #expect(found > corruptor.whole.count / 4)
        found = 0
        try corruptor.truncations(expectErrorOrIntact)
        #expect(found == corruptor.whole.count)
    }
}
