import DeepXMLModel
import Devices
import Support
import Testing

/// Several vectors for a label of many documents.
@Suite struct RepresentativesTests {
    private let dims = 5
    /// Documents of three kinds, some of each kind after the other, around the axes 0, 2 and 3.
    private let axes = [0, 2, 3]

    private func documents(_ perKind: Int) -> DenseMatrix {
        let matrix = DenseMatrix(rows: 3 * perKind, cols: paddedWidth(dims))
        for row in 0..<matrix.rows {
            for c in 0..<dims { matrix[row, c] = Float((row * 31 + c * 17) % 13 - 6) / 40 }
            matrix[row, axes[row / perKind]] += 1
        }
        let team = ThreadTeam(size: 1)
        defer { team.stop() }
        makeUnitRows(matrix, team: team)
        return matrix
    }

    private func found(_ documents: DenseMatrix, count: Int, threads: Int = 1) -> DenseMatrix {
        let team = ThreadTeam(size: threads)
        defer { team.stop() }
        return representatives(of: documents, dims: dims, count: count, team: team)
    }

    @Test func areTheUnitMeansOfTheKinds() {
        let perKind = 70, all = documents(perKind), result = found(all, count: 3)
        #expect(result.rows == 3)
        for kind in 0..<3 {
            let mean = (0..<dims).map { c in (0..<perKind).reduce(0.0) { $0 + Double(all[kind * perKind + $1, c]) } }
            let norm = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for c in 0..<dims { #expect(abs(Double(result[kind, c]) - mean[c] / norm) < 1e-5, "kind \(kind), column \(c)") }
        }
    }

    @Test func fewDocumentsAreTheirOwn() {
        let all = documents(1), result = found(all, count: 8)
        #expect(result.rows == 3)
        for row in 0..<3 { for c in 0..<dims { #expect(abs(result[row, c] - all[row, c]) < 1e-6) } }
    }

    @Test func anyNumberOfThreads() {
        let all = documents(200)
        let one = found(all, count: 7).buffer.array.map(\.bitPattern)
        #expect(found(all, count: 7, threads: 3).buffer.array.map(\.bitPattern) == one)
    }
}
