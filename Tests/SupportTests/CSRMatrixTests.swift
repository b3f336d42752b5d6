import Support
import Testing

@Suite struct CSRMatrixTests {
    /// Rows of a random matrix with empty rows and columns.
    private func example(rows: Int, cols: Int, seed: UInt64) -> [[(Int32, Float)]] {
        var state = seed
        func draw() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        return (0..<rows).map { row in
            (0..<cols).filter { $0 % 5 != 4 && row % 7 != 3 && draw() % 4 == 0 }.map { (Int32($0), Float(draw() % 1000)) }
        }
    }

    private func entries(_ matrix: CSRMatrix) -> [[Int]: Float] {
        var found: [[Int]: Float] = [:]
        for row in 0..<matrix.rows {
            for (i, column) in matrix.columns(row).enumerated() {
                found[[row, Int(column)]] = matrix.values == nil ? 1 : matrix.weights(row)[i]
            }
        }
        return found
    }

    @Test func fromRows() {
        let rows: [[(Int32, Float)]] = [[(1, 0.5), (3, 2)], [], [(0, 4)]]
        let matrix = CSRMatrix(cols: 4, rows: rows)
        #expect(matrix.starts.array == [0, 2, 2, 3])
        #expect(matrix.indices.array == [1, 3, 0])
        #expect(matrix.values?.array == [0.5, 2, 4])
        #expect(matrix.nonZeros == 3 && matrix.range(1).isEmpty && Array(matrix.columns(0)) == [1, 3])
        #expect(CSRMatrix(cols: 4, rows: rows, binary: true).values == nil)
    }

    @Test(arguments: [(0, 0), (0, 5), (5, 0), (1, 1), (40, 23), (23, 40)], [false, true])
    func transposed(size: (Int, Int), binary: Bool) {
        let matrix = CSRMatrix(cols: size.1, rows: example(rows: size.0, cols: size.1, seed: 3), binary: binary)
        let transposed = matrix.transposed()
        #expect(transposed.rows == matrix.cols && transposed.cols == matrix.rows)
        #expect((transposed.values == nil) == binary)
        let expected = Dictionary(uniqueKeysWithValues: entries(matrix).map { ([$0.key[1], $0.key[0]], $0.value) })
        #expect(entries(transposed) == expected)
        for row in 0..<transposed.rows {
            let columns = transposed.columns(row)
            #expect(zip(columns, columns.dropFirst()).allSatisfy { $0 < $1 })
        }
        let back = transposed.transposed()
        #expect(back.starts.array == matrix.starts.array && back.indices.array == matrix.indices.array)
        #expect(back.values?.array == matrix.values?.array)
    }
}
