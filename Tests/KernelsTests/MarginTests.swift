import Kernels
import Testing

@Suite struct MarginTests {
    @Test(arguments: [1, 15, 16, 17, 47, 128], [false, true]) func tilesOfAnyWidth(cols: Int, squared: Bool) {
        var sample = Sample(5)
        let rows = 6, ld = cols + 5, logits = sample.rows(rows, ld, ld: ld, scale: 3), bias = sample.floats(cols)
        var out = logits
        let loss = dx_margin_tile(&out, rows, cols, ld, bias, 0.25, squared ? 1 : 0)
        var expected = logits.map(Double.init), expectedLoss = 0.0
        for row in 0..<rows {
            for c in 0..<cols {
                let short = max(0, 1 + Double(logits[row * ld + c]) + Double(bias[c]))
                expected[row * ld + c] = 0.25 * (squared ? 2 * short : short > 0 ? 1 : 0)
                expectedLoss += squared ? short * short : short
            }
        }
        #expect(largestDifference(out, expected) < 1e-6)
        #expect(abs(loss - expectedLoss) < 1e-6 * expectedLoss)
    }

    /// At the corner the slope is that of the flat side; a NaN shows in the loss.
    @Test(arguments: [0, 1] as [Int32]) func cornerAndNaN(squared: Int32) {
        var logits: [Float] = [-1, -1.5, .nan]
        #expect(dx_margin_tile(&logits, 1, 2, 3, [0, 0, 0], 1, squared) == 0 && logits[0] == 0 && logits[1] == 0)
        #expect(dx_margin_tile(&logits, 1, 3, 3, [0, 0, 0], 1, squared).isNaN)
    }
}
