import Foundation
import Messages
import Testing

/// Which epoch is the best, when patience ends, and what is chosen of values that were tried.
@Suite struct ValidationHistoryTests {
    private func history(_ values: [Double], every: Int = 1, keepsBest: Bool = true, patience: Int? = nil) -> ValidationHistory {
        var history = ValidationHistory(
            module: "extreme", metric: "P@1", epochs: 50, keepsBest: keepsBest, patience: patience)
        for (i, value) in values.enumerated() {
            history.points.append(.init(epoch: (i + 1) * every, value: value, metrics: ["P@1": value]))
        }
        return history
    }

    @Test func nothingMeasuredDecidesNothing() {
        let none = history([], patience: 1)
        #expect(none.best == nil && none.keptEpoch == nil && none.sinceBest == 0 && !none.isExhausted)
    }

    @Test func ofEqualEpochsTheEarlierIsTheBest() {
        #expect(history([1, 3, 3, 2]).best?.epoch == 2)
        #expect(history([1, 3, 3, 2]).sinceBest == 2)
        #expect(history([0, 0, 0]).best?.epoch == 1)
        #expect(history([5, 4, 6], every: 4).keptEpoch == 12)
        #expect(history([5, 6, 4], keepsBest: false).keptEpoch == 3)
    }

    @Test func patienceCountsValidationsAndNotEpochs() {
        #expect(!history([5, 4], every: 10, patience: 2).isExhausted)
        #expect(history([5, 4, 5], every: 10, patience: 2).isExhausted)
        #expect(!history([5, 4, 6], patience: 2).isExhausted)
        #expect(!history([5, 4, 3, 2, 1]).isExhausted)
    }

    /// Against the rule said in a loop, over all sequences of three values.
    @Test func everySequenceIsDecidedByTheRule() {
        for code in 0..<729 {
            var digits: [Double] = [], rest = code
            for _ in 0..<6 { (digits, rest) = (digits + [Double(rest % 3)], rest / 3) }
            for length in 0...6 {
                let values = Array(digits.prefix(length)), decided = history(values, patience: 2)
                var best = -1.0, epoch = 0
                for (i, value) in values.enumerated() where value > best { (best, epoch) = (value, i + 1) }
                #expect(decided.best?.epoch ?? 0 == epoch)
                #expect(decided.isExhausted == (length - epoch >= 2 && length > 0))
            }
        }
    }

    @Test func aHistoryIsTheSameAfterACheckpoint() throws {
        let before = history([1.0 / 3, 99.123456789012345, 0.1 + 0.2], patience: 3)
        #expect(try JSONDecoder().decode(ValidationHistory.self, from: JSONEncoder().encode(before)) == before)
    }

    @Test func ofEqualValuesTheNearestToTheConfigIsChosen() {
        func table(_ rows: [(Double, Double)], configured: Double) -> TuningTable {
            TuningTable(
                setting: "beta", metric: "P@1", configured: configured,
                rows: rows.map { .init(value: $0.0, score: $0.1, metrics: [:]) })
        }
        #expect(table([(0, 7), (0.3, 7), (0.5, 7), (1, 6)], configured: 0.4).chosen == 0.3)
        #expect(table([(0, 7), (0.3, 7), (0.6, 7)], configured: 0.45).chosen == 0.3)
        #expect(table([(0, 7), (0.3, 8), (0.6, 7)], configured: 0.6).chosen == 0.3)
        #expect(TuningTable.values([0, 0.5, 1], and: 0.3) == [0, 0.3, 0.5, 1])
        #expect(TuningTable.values([0, 0.5, 1], and: 0.5) == [0, 0.5, 1])
    }
}
