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
