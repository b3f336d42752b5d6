import Devices
import Support
import Testing

/// What the layout over workers and threads rests on: a product that is cut along its outer dimensions has the same bits.
@Suite struct ProductTests {
    private let cpu = CPUDevice(team: ThreadTeam(size: 1))
    private static let inner = [1, 7, 64, 255, 300, 512, 1000]

    /// Numbers in −1 ..< 1.
    private func tensor(_ rows: Int, _ cols: Int, _ seed: UInt32) -> Tensor {
        let tensor = cpu.tensor(rows: rows, cols: cols)
        let stream = RandomStream(key0: seed, key1: 0, purpose: 0, step: 0)
        cpu.fillUniform(tensor, stream, firstRow: 0, firstColumn: 0, bound: 1)
        return tensor
    }

    /// Runs of 0 ..< count as `count` things are cut for `parts`.
    private func cuts(_ count: Int, _ parts: Int) -> [Range<Int>] {
        (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }

    private func sameBits(_ a: Tensor, _ b: Tensor) -> Bool {
        cpu.download(a).array.map(\.bitPattern) == cpu.download(b).array.map(\.bitPattern)
    }

    /// The residual's forward pass: rows are cut by threads. A prepared operand gives the same bits.
    @Test(arguments: inner) func rowsOfTimesTransposed(k: Int) {
        let m = 255, n = k, a = tensor(m, k, 1), b = tensor(n, k, 2), whole = cpu.tensor(rows: m, cols: n)
        cpu.multiply(a, transposed: b, into: whole)
        for parts in [2, 7, 8, 100] {
            let cut = cpu.tensor(rows: m, cols: n)
            for r in cuts(m, parts) { cpu.multiply(a.rows(r), transposed: b, into: cut.rows(r)) }
            #expect(sameBits(whole, cut), "\(m)×\(n)×\(k) in \(parts)")
        }
        let prepared = cpu.preparedMatrix(inner: k, cols: n), product = cpu.tensor(rows: m, cols: n)
        cpu.prepare(prepared, from: b, transposed: true)
        cpu.multiply(a, prepared, into: product, accumulate: false)
        #expect(sameBits(whole, product))
    }

    /// ∂x̂: rows are cut by threads, columns by workers.
    @Test(arguments: inner) func rowsAndColumnsOfTimes(k: Int) {
        let m = 255, n = k, a = tensor(m, k, 3), b = tensor(k, n, 4), whole = tensor(m, n, 5)
        cpu.multiply(a, b, into: whole, accumulate: true)
        for (rowParts, columnParts) in [(1, 2), (1, 3), (7, 1), (8, 8), (4, 64)] {
            let cut = tensor(m, n, 5)
            for c in cuts(n, columnParts) where !c.isEmpty {
                let part = cpu.tensor(rows: m, cols: c.count)
                cpu.copy(cut.columns(c), to: part)
                for r in cuts(m, rowParts) { cpu.multiply(a.rows(r), b.columns(c), into: part.rows(r), accumulate: true) }
                cpu.copy(part, to: cut.columns(c))
            }
            #expect(sameBits(whole, cut), "\(m)×\(n)×\(k) in \(rowParts)×\(columnParts)")
        }
    }

    /// ∂R: rows are cut by threads; the inner dimension is the batch.
    @Test(arguments: [1, 6, 255, 600]) func rowsOfTransposedTimes(batch k: Int) {
        for d in [8, 300, 512] {
            let a = tensor(k, d, 6), b = tensor(k, d, 7), whole = cpu.tensor(rows: d, cols: d)
            cpu.multiply(transposed: a, b, into: whole)
            for parts in [2, 4, 7] {
                let cut = cpu.tensor(rows: d, cols: d)
                for r in cuts(d, parts) { cpu.multiply(transposed: a.columns(r), b, into: cut.rows(r)) }
                #expect(sameBits(whole, cut), "\(d)×\(d)×\(k) in \(parts)")
            }
        }
    }

    /// Against the sum in double precision, with strides beyond the width: what lies there stays as it is.
    @Test(arguments: [(13, 9, 21), (12, 32, 5), (25, 65, 33), (1, 1, 1)]) func productsAreRight(m: Int, n: Int, k: Int) {
        let a = tensor(m, k + 3, 1).columns(0..<k), bt = tensor(n, k + 2, 2).columns(0..<k)
        let b = tensor(k, n + 4, 4).columns(0..<n), at = tensor(k, m + 1, 5).columns(0..<m)
        let (left, right) = (cpu.matrix(a), cpu.matrix(bt)), start = cpu.matrix(tensor(m, n + 5, 3))
        let turned = DenseMatrix(rows: k, cols: n), leftTurned = DenseMatrix(rows: k, cols: m)
        for d in 0..<k {
            for j in 0..<n { turned[d, j] = right[j, d] }
            for i in 0..<m { leftTurned[d, i] = left[i, d] }
        }
        cpu.upload(turned.buffer, to: b)
        cpu.upload(leftTurned.buffer, to: at)
        func check(added: Bool, _ multiply: (Tensor) -> Void) {
            let whole = tensor(m, n + 5, 3)
            multiply(whole.columns(0..<n))
            let c = cpu.matrix(whole)
            for i in 0..<m {
                for j in 0..<c.cols {
                    let sum =
                        j < n ? (0..<k).reduce(0.0) { $0 + Double(left[i, $1]) * Double(right[j, $1]) } : Double(start[i, j])
                    let expected = j < n && added ? sum + Double(start[i, j]) : sum
                    #expect(abs(Double(c[i, j]) - expected) < 1e-5)
                }
            }
        }
        check(added: false) { cpu.multiply(a, transposed: bt, into: $0) }
        for added in [false, true] { check(added: added) { cpu.multiply(a, b, into: $0, accumulate: added) } }
        check(added: false) { cpu.multiply(transposed: at, b, into: $0) }
    }
}
