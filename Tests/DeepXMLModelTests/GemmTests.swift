import Buffers
import DeepXMLModel
import Testing

/// What the layout over workers and threads rests on: a product that is cut along its outer dimensions has the same
/// bits, whatever kernels the OpenBLAS of this machine chooses for the sizes.
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
        Gemm.times(m: m, n: n, k: k, a.pointer, lda: k, b.pointer, ldb: n, into: whole.pointer, ldc: n, beta: 1)
        for (rowParts, columnParts) in [(1, 2), (1, 3), (7, 1), (8, 8), (4, 64)] {
            let start = matrix(m, n, 5)
            let cut = DenseMatrix(rows: m, cols: n)
            for c in cuts(n, columnParts) where !c.isEmpty {
                let part = DenseMatrix(rows: m, cols: c.count)
                for r in 0..<m { part.row(r).update(from: start.row(r) + c.lowerBound, count: c.count) }
                for r in cuts(m, rowParts) {
                    Gemm.times(
                        m: r.count, n: c.count, k: k, a.row(r.lowerBound), lda: k, b.pointer + c.lowerBound, ldb: n,
                        into: part.row(r.lowerBound), ldc: c.count, beta: 1)
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

    /// Against the sum in double precision, with leading dimensions beyond the width and both values of beta.
    @Test func productsAreRight() {
        let m = 13
        let n = 9
        let k = 21
        let a = matrix(m, 32, 1)
        let b = matrix(n, 32, 2)
        let start = matrix(m, 16, 3)
        for beta: Float in [0, 1] {
            let c = DenseMatrix(rows: m, cols: 16)
            c.buffer.copy(from: start.buffer)
            Gemm.timesTransposed(m: m, n: n, k: k, a.pointer, lda: 32, b.pointer, ldb: 32, into: c.pointer, ldc: 16, beta: beta)
            for i in 0..<m {
                for j in 0..<16 {
                    let sum = (0..<k).reduce(0.0) { $0 + Double(a[i, $1]) * (j < n ? Double(b[j, $1]) : 0) }
                    let expected = j < n ? sum + Double(beta * start[i, j]) : Double(start[i, j])
                    #expect(abs(Double(c[i, j]) - expected) < 1e-5)
                }
            }
        }
    }
}
