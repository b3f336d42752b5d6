import Foundation
import Support
import TestSupport
import Testing

@Suite struct RowBlocksTests {
    private let matrix = made(rows: 5000, cols: 12) { r, c in (r + 3 * c) % 5 == 0 ? Float(r * 12 + c) : nil }

    private func same(_ a: CSRMatrix, _ b: CSRMatrix) -> Bool {
        a.rows == b.rows && a.cols == b.cols && a.starts.array == b.starts.array && a.indices.array == b.indices.array
            && a.values?.array == b.values?.array
    }

    @Test func blocksJoinedAreTheWhole() throws {
        var blocks: [CSRMatrix] = []
        try matrix.forEachBlock { blocks.append($0) }
        #expect(blocks.map(\.rows) == [4096, 904])
        #expect(same(CSRMatrix(joining: blocks, cols: 12), matrix))
        #expect(matrix.block(4999..<5000).indices.array == Array(matrix.columns(4999)))
        #expect(matrix.block(17..<17).rows == 0)
        let binary = made(rows: 3, cols: 4, binary: true) { r, c in r == c ? 1 : nil }
        #expect(!binary.hasValues && binary.block(1..<3).values == nil && binary.block(1..<3).indices.array == [1, 2])
    }

    @Test func aSpooledMatrixComesBack() throws {
        let scratch = try TemporaryFolder()
        let folder = scratch.file("made"), spooled = try SpooledMatrix(rows: 5000, cols: 12, folder: folder)
        for start in stride(from: 0, to: 5000, by: 700) {
            try spooled.append(matrix.block(start..<min(start + 700, 5000)))
            #expect(same(try spooled.block(start..<start + 1), matrix.block(start..<start + 1)))
        }
        #expect(spooled.nonZeros == matrix.nonZeros && spooled.rowStarts().array == matrix.starts.array)
        #expect(same(try spooled.block(0..<5000), matrix))
        #expect(same(try spooled.block(900..<2100), matrix.block(900..<2100)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func noPlaceForASpoolIsAFailure() throws {
        let scratch = try TemporaryFolder()
        try scratch.write("file", "x")
        #expect(throws: Failure.self) { try SpooledMatrix(rows: 1, cols: 1, folder: scratch.file("file")) }
    }
}
