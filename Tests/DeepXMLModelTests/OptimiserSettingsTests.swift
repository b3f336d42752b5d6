import DeepXMLModel
import Devices
import Foundation
import Support
import Testing

/// Tests/oracles/optimisers.json: torch's optimisers on the same gradients (Tests/oracles/optimisers.py).
private struct OptimiserOracle: Decodable {
    struct Case: Decodable {
        var kind: String, momentum: Double, decay: Double, end: [Double]
    }
    var learningRate: Double
    var start: [Float]
    var gradients: [[Float]]
    var cases: [Case]

    static func load() throws -> OptimiserOracle {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("oracles/optimisers.json")
        return try JSONDecoder().decode(OptimiserOracle.self, from: Data(contentsOf: path))
    }
}

@Suite struct OptimiserSettingsTests {
    private func end(_ oracle: OptimiserOracle, _ numbers: (Int) -> OptimiserStep) -> [Float] {
        let count = oracle.start.count, parameter = Parameter(rows: 1, cols: count, on: cpu)
        cpu.upload(Buffer(oracle.start), to: parameter.value)
        for (step, gradient) in oracle.gradients.enumerated() {
            let g = cpu.tensor(DenseMatrix(rows: 1, cols: count, buffer: Buffer(gradient)))
            cpu.update(parameter, 0..<count, gradient: g, numbers(step + 1))
        }
        return parameter.value.host.buffer.array
    }

    @Test func followsTorch() throws {
        let oracle = try OptimiserOracle.load()
        for expected in oracle.cases {
            let kind = try #require(OptimiserSettings.Kind(rawValue: expected.kind))
            let settings = OptimiserSettings(kind: kind, momentum: expected.momentum, weightDecay: expected.decay)
            let found = end(oracle) { settings.dense(learningRate: oracle.learningRate, step: $0) }
            for (x, y) in zip(found, expected.end) { #expect(abs(Double(x) - y) < 2e-6, "\(expected)") }
            // Lazy SGD is dense SGD on the rows that it touches; Adam's ε has another place, which these gradients don't feel.
            let lazy = end(oracle) { settings.lazy(learningRate: oracle.learningRate, step: $0) }
            for (x, y) in zip(lazy, expected.end) { #expect(abs(Double(x) - y) < 5e-6, "\(expected)") }
        }
    }

    @Test(arguments: OptimiserSettings.Kind.allCases) func factorIsOfTheRate(kind: OptimiserSettings.Kind) {
        let plain = OptimiserSettings(kind: kind), half = OptimiserSettings(kind: kind, rateFactor: 0.5)
        for step in [1, 7] {
            #expect(half.dense(learningRate: 0.02, step: step).rate == plain.dense(learningRate: 0.01, step: step).rate)
            #expect(half.lazy(learningRate: 0.02, step: step).rate == plain.lazy(learningRate: 0.01, step: step).rate)
        }
    }

    /// What the trainer had before there was a choice, bit for bit.
    @Test func withoutSettingsItIsAdam() {
        for step in [1, 2, 1000] {
            let pairs = [
                (OptimiserSettings().dense(learningRate: 0.02, step: step), Adam.dense(learningRate: 0.02, step: step)),
                (OptimiserSettings().lazy(learningRate: 0.02, step: step), Adam.lazy(learningRate: 0.02, step: step)),
            ]
            for (a, b) in pairs { #expect(a == b && a.kind == .adam && a.weightDecay == 0) }
        }
    }
}
