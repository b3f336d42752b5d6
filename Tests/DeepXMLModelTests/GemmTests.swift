import DeepXMLModel
import Support
import Testing

/// What the layout over workers and threads rests on: a product that is cut along its outer dimensions has the same
/// bits.
@Suite struct GemmTests {
    private static let inner = [1, 7, 64, 255, 300, 512, 1000]

    private func matrix(_ rows: Int, _ cols: Int, _ seed: UInt64) -> DenseMatrix {
        var g = Generator(state: seed)
        let matrix = DenseMatrix(rows: rows, cols: cols)
        for i in 0..<rows * cols { matrix.pointer[i] = 2 * g.uniform() - 1 }
        return matrix
    }

    /// Runs of 0 ..< count as `count` things are cut for `parts`.
    private func cuts(_ count: Int, _ parts: Int) -> [Range<Int>] {
        (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }

    private func sameBits(_ a: DenseMatrix, _ b: DenseMatrix) -> Bool {
        a.buffer.array.map(\.bitPattern) == b.buffer.array.map(\.bitPattern)
    }

    /// The residual's forward pass: rows are cut by threads.
    @Test(arguments: inner) func rowsOfTimesTransposed(k: Int) {
        let m = 255
        let n = k
        let a = matrix(m, k, 1)
        let b = matrix(n, k, 2)
        let whole = DenseMatrix(rows: m, cols: n)
        Gemm.timesTransposed(m: m, n: n, k: k, a.pointer, lda: k, b.pointer, ldb: k, into: whole.pointer, ldc: n)
        for parts in [2, 7, 8, 100] {
            let cut = DenseMatrix(rows: m, cols: n)
            for r in cuts(m, parts) {
                Gemm.timesTransposed(
                    m: r.count, n: n, k: k, a.row(r.lowerBound), lda: k, b.pointer, ldb: k, into: cut.row(r.lowerBound), ldc: n)
            }
            #expect(sameBits(whole, cut), "\(m)×\(n)×\(k) in \(parts)")
        }
    }

    /// ∂x̂: rows are cut by threads, columns by workers.
    @Test(arguments: inner) func rowsAndColumnsOfTimes(k: Int) {
        let m = 255
        let n = k
        let a = matrix(m, k, 3)
        let b = matrix(k, n, 4)
        let whole = matrix(m, n, 5)
        Gemm.times(m: m, n: n, k: k, a.pointer, lda: k, b.pointer, ldb: n, into: whole.pointer, ldc: n, accumulate: true)
        for (rowParts, columnParts) in [(1, 2), (1, 3), (7, 1), (8, 8), (4, 64)] {
            let start = matrix(m, n, 5)
            let cut = DenseMatrix(rows: m, cols: n)
            for c in cuts(n, columnParts) where !c.isEmpty {
                let part = DenseMatrix(rows: m, cols: c.count)
                for r in 0..<m { part.row(r).update(from: start.row(r) + c.lowerBound, count: c.count) }
                for r in cuts(m, rowParts) {
                    Gemm.times(
                        m: r.count, n: c.count, k: k, a.row(r.lowerBound), lda: k, b.pointer + c.lowerBound, ldb: n,
                        into: part.row(r.lowerBound), ldc: c.count, accumulate: true)
                }
                for r in 0..<m { (cut.row(r) + c.lowerBound).update(from: part.row(r), count: c.count) }
            }
            #expect(sameBits(whole, cut), "\(m)×\(n)×\(k) in \(rowParts)×\(columnParts)")
        }
    }

    /// ∂R: rows are cut by threads; the inner dimension is the batch.
    @Test(arguments: [1, 6, 255, 600]) func rowsOfTransposedTimes(batch k: Int) {
        for d in [8, 300, 512] {
            let a = matrix(k, d, 6)
            let b = matrix(k, d, 7)
            let whole = DenseMatrix(rows: d, cols: d)
            Gemm.transposedTimes(m: d, n: d, k: k, a.pointer, lda: d, b.pointer, ldb: d, into: whole.pointer, ldc: d)
            for parts in [2, 4, 7] {
                let cut = DenseMatrix(rows: d, cols: d)
                for r in cuts(d, parts) {
                    Gemm.transposedTimes(
                        m: r.count, n: d, k: k, a.pointer + r.lowerBound, lda: d, b.pointer, ldb: d, into: cut.row(r.lowerBound),
                        ldc: d)
                }
                #expect(sameBits(whole, cut), "\(d)×\(d)×\(k) in \(parts)")
            }
        }
    }

    /// Against the sum in double precision, with leading dimensions beyond the width: what lies there stays as it is.
    @Test(arguments: [(13, 9, 21), (12, 32, 5), (25, 65, 33), (1, 1, 1)]) func productsAreRight(m: Int, n: Int, k: Int) {
        let a = matrix(m, k + 3, 1)
        let bt = matrix(n, k + 2, 2)
        let b = DenseMatrix(rows: k, cols: n + 4)
        let at = DenseMatrix(rows: k, cols: m + 1)
        for d in 0..<k {
            for j in 0..<n { b[d, j] = bt[j, d] }
            for i in 0..<m { at[d, i] = a[i, d] }
        }
        let start = matrix(m, n + 5, 3)
        func check(_ c: DenseMatrix, added: Bool) {
            for i in 0..<m {
                for j in 0..<c.cols {
                    let sum = j < n ? (0..<k).reduce(0.0) { $0 + Double(a[i, $1]) * Double(bt[j, $1]) } : Double(start[i, j])
                    let expected = j < n && added ? sum + Double(start[i, j]) : sum
                    #expect(abs(Double(c[i, j]) - expected) < 1e-5)
                }
            }
        }
        func fresh() -> DenseMatrix {
            let c = DenseMatrix(rows: m, cols: n + 5)
            c.buffer.copy(from: start.buffer)
            return c
        }
        let c = fresh()
        Gemm.timesTransposed(m: m, n: n, k: k, a.pointer, lda: k + 3, bt.pointer, ldb: k + 2, into: c.pointer, ldc: n + 5)
        check(c, added: false)
        for added in [false, true] {
            let c = fresh()
            Gemm.times(
                m: m, n: n, k: k, a.pointer, lda: k + 3, b.pointer, ldb: n + 4, into: c.pointer, ldc: n + 5, accumulate: added)
            check(c, added: added)
        }
        let d = fresh()
        Gemm.transposedTimes(m: m, n: n, k: k, at.pointer, lda: m + 1, b.pointer, ldb: n + 4, into: d.pointer, ldc: n + 5)
        check(d, added: false)
    }
}
