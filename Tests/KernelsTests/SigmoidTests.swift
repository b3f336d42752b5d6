import Kernels
import Testing

@Suite struct SigmoidTests {
    private static let points = (-6400...6400).map { Float($0) / 64 }

    @Test func sigmoidIsAccurateOverItsRange() {
        var out = [Float](repeating: .nan, count: Self.points.count)
        dx_sigmoid(Self.points, &out, out.count)
        for (x, y) in zip(Self.points, out) {
            let expected = sigmoid(Double(x))
            // Below −87 e^x is no normal float any more: there it may stay at e^−87.
            #expect(abs(Double(y) - expected) <= 5e-7 * expected + 2e-38, "sigmoid(\(x)) = \(y), expected \(expected)")
        }
    }

    @Test func softplusIsAccurateOverItsRange() {
        for x in Self.points {
            var logit = [x]
            let loss = dx_sigmoid_tile(&logit, 1, 1, 1, [0], 1), expected = softplus(Double(x))
            #expect(abs(loss - expected) <= 5e-7 * expected + 2e-38, "softplus(\(x)) = \(loss), expected \(expected)")
        }
    }

    @Test(arguments: [1, 15, 16, 17, 47, 128]) func tilesOfAnyWidth(cols: Int) {
        var sample = Sample(5)
        let rows = 6, ld = cols + 5, logits = sample.rows(rows, ld, ld: ld, scale: 30), bias = sample.floats(cols)
        var out = logits
        let loss = dx_sigmoid_tile(&out, rows, cols, ld, bias, 0.25)
        var expected = logits.map(Double.init), expectedLoss = 0.0
        for row in 0..<rows {
            for c in 0..<cols {
                let x = expected[row * ld + c] + Double(bias[c])
                expected[row * ld + c] = 0.25 * sigmoid(x)
                expectedLoss += softplus(x)
            }
        }
        #expect(largestDifference(out, expected) < 1e-6)
        #expect(abs(loss - expectedLoss) < 1e-6 * expectedLoss)
    }
}
