import Kernels
import Testing

@Suite struct OptimiserTests {
    @Test(arguments: dx_adam.all)
    func manyStepsFollowDoublePrecision(adam: dx_adam) {
        var sample = Sample(6)
        let count = 37
        var p = sample.floats(count), m = [Float](repeating: 0, count: count), v = m
        var reference = p.map { ReferenceOptimiser(p: Double($0), m: 0, v: 0, numbers: adam) }
        for _ in 0..<50 {
            // Gradients of very different sizes, zeros among them.
            let g = (0..<count).map { i in i % 5 == 0 ? 0 : sample.float() * [1, 1e-3, 1e-6, 10][i % 4] }
            dx_adam_update(&p, &m, &v, g, count, adam)
            for i in 0..<count { reference[i].step(gradient: Double(g[i])) }
        }
        // Momentum 0.8 sums gradients of 10 up to 50: p moves by tens.
        let size = reference.map { abs($0.p) }.max() ?? 0
        #expect(largestDifference(p, reference.map(\.p)) < 3e-6 * max(1, size))
        for (i, r) in reference.enumerated() {
            let off = (m: abs(Double(m[i]) - r.m), v: abs(Double(v[i]) - r.v))
            #expect(off.m <= 1e-5 * abs(r.m) + (adam.isSGD || adam.weight_decay > 0 ? 1e-5 : 1e-9))
            #expect(off.v <= 1e-4 * r.v)
            #expect(!adam.isSGD || v[i] == 0)
        }
    }

    @Test(arguments: dx_adam.all) func aParameterWithoutGradientsMovesByItsDecayAlone(adam: dx_adam) {
        var p: [Float] = [0.3], m: [Float] = [0], v: [Float] = [0]
        dx_adam_update(&p, &m, &v, [0], 1, adam)
        if adam.weight_decay == 0 {
            #expect(p == [0.3] && m == [0] && v == [0])
        } else {
            #expect(p[0] < 0.3 && (adam.kind == Int32(DX_ADAMW) ? m == [0] : m[0] > 0))
        }
    }

    @Test(arguments: dx_adam.all) func paddingStaysZero(adam: dx_adam) {
        var p = [Float](repeating: 0, count: 20), m = p, v = p
        for _ in 0..<3 { dx_adam_update(&p, &m, &v, [Float](repeating: 0, count: 20), 20, adam) }
        #expect((p + m + v).allSatisfy { $0 == 0 })
    }

    @Test(arguments: [1, 16, 150, 4096, 9000], dx_adam.all) func embeddingStepChangesTheBatchsRowsOnly(cols: Int, adam: dx_adam) {
        var sample = Sample(7)
        let vocabulary = 40, batch = 8, tokens: [Int32] = [31, 2, 17], starts: [Int64] = [0, 1, 5, 7]
        let rows: [UInt32] = [3, 0, 2, 5, 7, 1, 3], weights = sample.floats(7), dx = sample.floats(batch * cols)
        let before = sample.floats(vocabulary * cols)
        var table = before, m = sample.floats(vocabulary * cols, scale: 0.1), v = m.map { $0 * $0 }
        var expected = zip(before, zip(m, v)).map {
            ReferenceOptimiser(p: Double($0), m: Double($1.0), v: Double($1.1), numbers: adam)
        }
        dx_embedding_step(0, 3, tokens, starts, rows, weights, dx, cols, &table, &m, &v, adam)
        for (t, token) in tokens.enumerated() {
            for c in 0..<cols {
                let gradient = (Int(starts[t])..<Int(starts[t + 1])).reduce(0.0) {
                    $0 + Double(weights[$1]) * Double(dx[Int(rows[$1]) * cols + c])
                }
                expected[Int(token) * cols + c].step(gradient: gradient)
            }
        }
        #expect(largestDifference(table, expected.map(\.p)) < 1e-6)
        #expect(largestDifference(m, expected.map(\.m)) < 1e-6)
        for token in 0..<vocabulary where !tokens.contains(Int32(token)) {
            #expect(table[token * cols..<(token + 1) * cols] == before[token * cols..<(token + 1) * cols])
        }
    }
}
