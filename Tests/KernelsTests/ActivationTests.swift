import Kernels
import Testing

@Suite struct ActivationTests {
    @Test(arguments: [1, 15, 16, 100, 300]) func embeddedRowsAreWeightedSums(cols: Int) {
        var sample = Sample(1)
        let table = sample.floats(50 * cols), starts: [Int64] = [0, 3, 3, 10, 11]
        let tokens = (0..<11).map { _ in Int32(sample.below(50)) }, weights = sample.floats(11)
        let docs: [Int32] = [2, 1, 0, 3, 2]
        var out = [Float](repeating: .nan, count: docs.count * cols)
        dx_embed_rows(table, cols, starts, tokens, weights, docs, docs.count, &out)
        var expected = [Double](repeating: 0, count: out.count)
        for (row, doc) in docs.enumerated() {
            for i in Int(starts[Int(doc)])..<Int(starts[Int(doc) + 1]) {
                for c in 0..<cols { expected[row * cols + c] += Double(weights[i]) * Double(table[Int(tokens[i]) * cols + c]) }
            }
        }
        #expect(largestDifference(out, expected) < 1e-6)
    }

    @Test(arguments: [Float(0.5), 0.8]) func dropoutDrawsByDocumentAndColumn(keep: Float) {
        var sample = Sample(2)
        let rows = 5, cols = 300, ld = 304, ids: [Int32] = [4, 0, 13_000, 77, 1], stream = dx_stream.sample(moment: 31)
        let x = sample.rows(rows, cols, ld: ld)
        var out = x
        dx_relu_dropout(&out, rows, cols, ld, 0, ids, stream, keep)
        for row in 0..<rows {
            for c in 0..<ld {
                let value = x[row * ld + c]
                let passes = value > 0 && isKept(stream, id: ids[row], column: c, keep: keep)
                let expected: Float = passes ? value * (1 / keep) : 0
                #expect(out[row * ld + c] == (c < cols ? expected : value))
            }
        }
    }

    @Test func dropoutKeepsItsShare() {
        var out = [Float](repeating: 1, count: 1000 * 300)
        dx_relu_dropout(&out, 1000, 300, 300, 0, (0..<1000).map { $0 }, .sample(moment: 3), 0.5)
        let kept = out.count { $0 != 0 }
        // Four standard deviations of 300,000 draws.
        #expect(abs(kept - 150_000) < 4 * 274)
        #expect(out.allSatisfy { $0 == 0 || $0 == 2 })
        let columns = (0..<300).map { c in (0..<1000).count { out[$0 * 300 + c] != 0 } }
        #expect(columns.allSatisfy { abs($0 - 500) < 5 * 16 })
    }

    @Test(arguments: [1, 7, 8, 37, 128, 150, 299]) func dropoutDoesNotDependOnCuts(at cut: Int) {
        var sample = Sample(3)
        let rows = 9, cols = 300, ids = (0..<9).map { Int32($0 * 31) }, x = sample.floats(rows * cols)
        var whole = x
        dx_relu_dropout(&whole, rows, cols, cols, 0, ids, .sample(moment: 8), 0.5)
        for (first, last) in [(0, cut), (cut, cols)] {
            let width = last - first
            var part = (0..<rows).flatMap { row in x[row * cols + first..<row * cols + last] }
            // Rows are cut too: the first two, then the rest.
            dx_relu_dropout(&part, 2, width, width, first, ids, .sample(moment: 8), 0.5)
            part.withUnsafeMutableBufferPointer { part in
                ids.withUnsafeBufferPointer { ids in
                    dx_relu_dropout(
                        part.baseAddress! + 2 * width, rows - 2, width, width, first, ids.baseAddress! + 2, .sample(moment: 8),
                        0.5)
                }
            }
            for row in 0..<rows {
                let from = row * cols
                #expect(part[row * width..<(row + 1) * width] == whole[from + first..<from + last])
            }
        }
    }

    @Test func withoutDropoutItIsReLU() {
        var x: [Float] = [-1, 0, 2, -0.5, 3, 9], g: [Float] = [1, 1, 1, 1, 1, 1]
        dx_relu_dropout(&x, 2, 2, 3, 0, [0, 1], dx_stream(), 1)
        #expect(x == [0, 0, 2, 0, 3, 9])
        dx_relu_dropout_backward(&g, x, 6, 1)
        #expect(g == [0, 0, 1, 0, 1, 1])
        dx_relu_dropout_backward(&g, x, 6, 0.5)
        #expect(g == [0, 0, 2, 0, 2, 2])
    }

    @Test func rowsBecomeUnitLength() {
        var x: [Float] = [3, 4, 0, 0, 9, 0]
        dx_unit_rows(&x, 2, 2)
        #expect(abs(x[0] - 0.6) < 1e-7 && abs(x[1] - 0.8) < 1e-7)
        #expect(x[2...] == [0, 0, 9, 0])
    }

    @Test(arguments: [1, 16, 33]) func sumsOfColumns(cols: Int) {
        var sample = Sample(4)
        let ld = cols + 3, x = sample.rows(20, ld, ld: ld)
        var sums = [Float](repeating: .nan, count: cols)
        dx_column_sums(x, 20, cols, ld, &sums)
        let expected = (0..<cols).map { c in (0..<20).reduce(0.0) { $0 + Double(x[$1 * ld + c]) } }
        #expect(largestDifference(sums, expected) < 1e-5)
    }

    @Test(arguments: [(1, 1), (7, 16), (33, 50), (300, 300)]) func matrixTimesVector(shape: (rows: Int, cols: Int)) {
        let (rows, cols) = shape, ld = cols + 5
        var sample = Sample(5)
        let a = sample.rows(rows, ld, ld: ld), x = sample.floats(cols), u = sample.floats(rows)
        var y = [Float](repeating: .nan, count: rows), v = [Float](repeating: .nan, count: cols)
        dx_times_vector(a, rows, cols, ld, x, &y)
        dx_transposed_times_vector(a, rows, cols, ld, u, &v)
        let ax = (0..<rows).map { r in (0..<cols).reduce(0.0) { $0 + Double(a[r * ld + $1]) * Double(x[$1]) } }
        let ua = (0..<cols).map { c in (0..<rows).reduce(0.0) { $0 + Double(a[$1 * ld + c]) * Double(u[$1]) } }
        #expect(largestDifference(y, ax) < 1e-4 && largestDifference(v, ua) < 1e-4)
    }
}
