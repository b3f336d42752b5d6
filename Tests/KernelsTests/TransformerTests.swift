import Foundation
import Kernels
import Testing

/// What a transformer does between its products, against plain loops in double precision.
@Suite struct TransformerTests {
    @Test(arguments: [1, 6, 16, 37, 384]) func layerNorm(cols: Int) {
        var sample = Sample(61)
        let rows = 5, ld = cols + 3, ldo = cols + 1, eps = 1e-3
        let x = sample.rows(rows, cols, ld: ld, scale: 3), weight = sample.floats(cols), bias = sample.floats(cols)
        let c = sample.rows(rows, cols, ld: ldo)
        var standard = x, out = [Float](repeating: 0, count: rows * ldo), inverse = [Float](repeating: .nan, count: rows), g = c
        dx_layer_norm(&standard, rows, cols, ld, Float(eps), weight, bias, &inverse, &out, ldo)
        dx_layer_norm_backward(&g, ldo, standard, ld, rows, cols, weight, inverse)
        func norm(_ x: [Double]) -> [Double] {
            let mean = x.reduce(0, +) / Double(cols), variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(cols)
            return x.indices.map { (x[$0] - mean) / (variance + eps).squareRoot() * Double(weight[$0]) + Double(bias[$0]) }
        }
        for r in 0..<rows {
            let row = (0..<cols).map { Double(x[r * ld + $0]) }, slope = (0..<cols).map { Double(c[r * ldo + $0]) }
            #expect(largestDifference(Array(out[r * ldo..<r * ldo + cols]), norm(row)) < 2e-6)
            #expect(standard[r * ld + cols..<(r + 1) * ld].allSatisfy { $0 == 0 })
            let expected = (0..<cols).map { d -> Double in
                var (above, below) = (row, row)
                above[d] += 1e-5
                below[d] -= 1e-5
                return zip(zip(norm(above), norm(below)), slope).reduce(0) { $0 + ($1.0.0 - $1.0.1) / 2e-5 * $1.1 }
            }
            #expect(largestDifference(Array(g[r * ldo..<r * ldo + cols]), expected) < 2e-5 * (cols == 1 ? 100 : 1))
        }
    }

    @Test func geluAndItsSlope() {
        var sample = Sample(62)
        let rows = 3, cols = 203, ld = 208, x = sample.rows(rows, cols, ld: ld, scale: 7), bias = sample.floats(cols)
        var sum = x, out = [Float](repeating: 0, count: rows * ld), g = [Float](repeating: 2, count: rows * ld)
        dx_bias_gelu(&sum, rows, cols, ld, bias, &out, ld)
        dx_gelu_backward(&g, ld, sum, ld, rows, cols)
        func gelu(_ x: Double) -> Double { x * 0.5 * (1 + erf(x / 2.0.squareRoot())) }
        for r in 0..<rows {
            let at = (0..<cols).map { Double(x[r * ld + $0] + bias[$0]) }
            #expect(largestDifference(Array(out[r * ld..<r * ld + cols]), at.map(gelu)) < 1e-6)
            let slopes = at.map { (gelu($0 + 1e-5) - gelu($0 - 1e-5)) / 1e-5 }
            #expect(largestDifference(Array(g[r * ld..<r * ld + cols]), slopes) < 2e-6)
        }
    }

    @Test func squares() {
        var sample = Sample(63)
        let x = sample.floats(1003, scale: 9)
        #expect(abs(dx_squares(x, x.count) - x.reduce(0) { $0 + Double($1) * Double($1) }) < 1e-9)
    }

    /// Attention of one document; queries, keys and values of head h stand at h·dims, width + h·dims, 2·width + h·dims.
    private struct Case {
        let heads: dx_attention_heads
        let length: Int, id: Int32 = 77
        var width: Int { heads.heads * heads.dims }

        func keeps(_ head: Int, _ i: Int, _ j: Int) -> Bool {
            heads.keep >= 1
                || isKept(heads.stream, id: id, column: (head * heads.span + i) * heads.span + j, keep: heads.keep)
        }

        func output(_ x: [Double]) -> [Double] {
            var out = [Double](repeating: 0, count: length * width)
            for head in 0..<heads.heads {
                func entry(_ part: Int, _ i: Int, _ d: Int) -> Double { x[(i * 3 + part) * width + head * heads.dims + d] }
                for i in 0..<length {
                    let weights = (0..<length).map { j in
                        exp(
                            (0..<heads.dims).reduce(0) { $0 + entry(0, i, $1) * entry(1, j, $1) }
                                / Double(heads.dims).squareRoot())
                    }
                    let sum = weights.reduce(0, +)
                    for j in 0..<length where keeps(head, i, j) {
                        for d in 0..<heads.dims {
                            out[i * width + head * heads.dims + d] += weights[j] / sum / Double(heads.keep) * entry(2, j, d)
                        }
                    }
                }
            }
            return out
        }
    }

    @Test(arguments: [(1, 1, 3), (5, 2, 4), (17, 3, 2), (40, 2, 8)], [Float(1), 0.75])
    func attention(_ size: (length: Int, heads: Int, dims: Int), keep: Float) {
        var sample = Sample(64)
        let heads = dx_attention_heads(
            heads: size.heads, dims: size.dims, span: 128, keep: keep, stream: .sample(moment: 4))
        let made = Case(heads: heads, length: size.length), width = made.width
        let x = sample.floats(size.length * 3 * width, scale: 1.5), c = sample.floats(size.length * width)
        var qkv = x, out = [Float](repeating: .nan, count: size.length * width)
        var workspace = [Float](repeating: .nan, count: dx_attention_workspace(size.length, size.dims))
        dx_attention(x, 3 * width, size.length, made.id, heads, &out, width, &workspace)
        #expect(largestDifference(out, made.output(x.map(Double.init))) < 3e-6)
        dx_attention_backward(c, width, &qkv, 3 * width, size.length, made.id, heads, &workspace)
        for _ in 0..<60 {
            let i = sample.below(x.count)
            func loss(_ step: Double) -> Double {
                var moved = x.map(Double.init)
                moved[i] += step
                return zip(made.output(moved), c).reduce(0) { $0 + $1.0 * Double($1.1) }
            }
            #expect(abs(Double(qkv[i]) - (loss(1e-5) - loss(-1e-5)) / 2e-5) < 2e-5, "∂\(i)")
        }
    }

    /// A document has the same bits wherever it stands, and whatever the workspace held; no weight reaches beyond its rows.
    @Test func attentionLeavesPaddingAlone() {
        var sample = Sample(65)
        let heads = dx_attention_heads(heads: 2, dims: 5, span: 256, keep: 0.5, stream: .sample(moment: 9))
        let x = sample.rows(19, 30, ld: 32)
        var out = [Float](repeating: 7, count: 19 * 16)
        var workspace = [Float](repeating: .infinity, count: dx_attention_workspace(19, 5))
        dx_attention(x, 32, 19, 3, heads, &out, 16, &workspace)
        #expect((0..<19).allSatisfy { r in out[r * 16 + 10..<(r + 1) * 16].allSatisfy { $0 == 7 } })
        #expect((0..<19).allSatisfy { r in out[r * 16..<r * 16 + 10].allSatisfy { $0.isFinite } })
    }
}
