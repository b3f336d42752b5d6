import Devices
import Foundation
import Support
import Testing

/// Pooling over rows of vectors against its definition in double precision, and by the host for devices that have none.
@Suite struct PoolingTests {
    private static let starts: [Int64] = [0, 3, 3, 4, 21], rows = 4, cols = 12, heads = 3
    private let x = noise(rows: 21, cols: cols, scale: 2, seed: 3).padded(dims: cols)
    private let query = cpu.tensor(noise(rows: 1, cols: cols, scale: 2, seed: 4)).columns(0..<cols)
    private let g = noise(rows: rows, cols: cols, seed: 5).padded(dims: cols)

    /// Every operation by `pooling`, and all that it makes.
    private func all(_ pooling: any PoolingOperations) -> [[Float]] {
        let cols = Self.cols, starts = Self.starts
        let y = cpu.paddedTensor(rows: Self.rows, dims: cols), dx = cpu.paddedTensor(rows: 21, dims: cols)
        let shares = cpu.tensor(rows: 21, cols: Self.heads), dQuery = cpu.tensor(rows: 1, cols: cols)
        for tensor in [y, dx, dQuery] { cpu.fill(tensor, .nan) }
        var made: [[Float]] = []
        pooling.attentionPool(x, starts: starts, query: query, heads: Self.heads, shares: shares, into: y)
        made += [y.withPadding.array, shares.array]
        pooling.attentionPoolBackward(
            g, x: x, starts: starts, query: query, heads: Self.heads, shares: shares, into: dx, dQuery: dQuery)
        made += [dx.withPadding.array, dQuery.array]
        let places = cpu.tensor(rows: Self.rows, cols: cols), turned = cpu.paddedTensor(rows: Self.rows * cols, dims: 5)
        pooling.columnMax(x, starts: starts, into: y, places: places)
        pooling.columnMaxBackward(g, starts: starts, places: places, into: dx)
        made += [y.withPadding.array, dx.withPadding.array]
        pooling.turn(x, starts: starts, into: turned)
        pooling.turnBackward(turned, starts: starts, into: dx)
        return made + [turned.withPadding.array, dx.withPadding.array]
    }

    @Test func hostGivesTheSameBits() {
        let own = all(cpu), host = all(PoolingOnHost(for: cpu))
        for (a, b) in zip(own, host) { #expect(a.map(\.bitPattern) == b.map(\.bitPattern)) }
        for part in own { #expect(part.allSatisfy { $0.isFinite }) }
    }

    @Test func attentionIsASoftmaxOfEachHead() {
        let y = cpu.paddedTensor(rows: Self.rows, dims: Self.cols), shares = cpu.tensor(rows: 21, cols: Self.heads)
        cpu.attentionPool(x, starts: Self.starts, query: query, heads: Self.heads, shares: shares, into: y)
        let dims = Self.cols / Self.heads, x = x.padded, found = y.padded, q = query.array.map(Double.init)
        for row in 0..<Self.rows {
            let vectors = Int(Self.starts[row])..<Int(Self.starts[row + 1])
            for head in 0..<Self.heads {
                let columns = head * dims..<(head + 1) * dims
                let powers = vectors.map { t in
                    exp(columns.reduce(0) { $0 + q[$1] * Double(x[t, $1]) } / Double(dims).squareRoot())
                }
                for c in columns {
                    let sum = zip(vectors, powers).reduce(0) { $0 + $1.1 * Double(x[$1.0, c]) } / powers.reduce(1e-300, +)
                    #expect(abs(Double(found[row, c]) - sum) < 1e-5)
                }
            }
        }
    }

    @Test func turnIsATransposeOfTheFirstVectors() {
        let turned = cpu.paddedTensor(rows: Self.rows * Self.cols, dims: 5)
        cpu.turn(x, starts: Self.starts, into: turned)
        let x = x.padded, found = turned.padded
        for row in 0..<Self.rows {
            let first = Int(Self.starts[row]), length = Int(Self.starts[row + 1]) - first
            for c in 0..<Self.cols {
                for t in 0..<5 { #expect(found[row * Self.cols + c, t] == (t < length ? x[first + t, c] : 0)) }
            }
        }
    }
}
