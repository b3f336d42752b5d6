import Messages
import Scoring
import Support
import Testing

/// Weights of an ensemble that are chosen on validation documents.
@Suite struct WeightSearchTests {
    private let team = ThreadTeam(size: 1)

    private func search(_ scores: [CSRMatrix], _ truth: GroundTruth) -> WeightSearch {
        WeightSearch(scores: scores, truth: truth, team: team) { $0.P[0] }
    }

    private func truth(_ labels: [Int32], of count: Int) -> GroundTruth {
        GroundTruth(
            labels: CSRMatrix(cols: count, rows: labels.map { [($0, Float(1))] }, binary: true),
            inversePropensity: [Double](repeating: 1, count: count))
    }

    /// Label 0 is right. The first learner's share of it is larger from 0.85 on: 0.6·a > 0.4·a + (1 − a).
    @Test func ofEqualSharesTheNearestIsTaken() {
        let good = CSRMatrix(cols: 2, rows: [[(0, 0.6), (1, 0.4)]], binary: false)
        let bad = CSRMatrix(cols: 2, rows: [[(1, 1)]], binary: false)
        let first = search([good, bad], truth([0], of: 2)).run(from: [1, 1])
        #expect(first.weights[0] == 0.85 && abs(first.weights[1] - 0.15) < 1e-12 && first.value == 100 && first.start == 0)
        let second = search([bad, good], truth([0], of: 2)).run(from: [3, 3])
        #expect(second.weights[0] == 0.15 && abs(second.weights[1] - 0.85) < 1e-12 && second.value == 100 && second.start == 0)
        // What is the best already stays.
        let still = search([good, bad], truth([0], of: 2)).run(from: [9, 1])
        #expect(still.weights == [0.9, 0.1] && still.value == 100 && still.start == 100)
    }

    /// Numbers that look random and are the same everywhere; each learner is right about a part of the documents.
    private func learner(_ salt: Int, labels: [Int32]) -> CSRMatrix {
        var rows: [[(Int32, Float)]] = []
        for (row, label) in labels.enumerated() {
            var entries: [(Int32, Float)] = []
            for column in 0..<6 {
                let mixed: Int = row * 7919 + column * 104_729 + salt * 1_299_709
                var score = Float(mixed % 1009) / 1009
                if column == Int(label), row % 3 == salt { score += 0.7 }
                entries.append((Int32(column), score))
            }
            rows.append(entries)
        }
        return CSRMatrix(cols: 6, rows: rows, binary: false)
    }

    @Test("no share of one learner, of those that are tried, is better than what was found")
    func coordinateAscent() {
        let labels: [Int32] = (0..<90).map { Int32(($0 * 5 + $0 / 7) % 6) }, truth = truth(labels, of: 6)
        let scores = (0..<3).map { learner($0, labels: labels) }
        func value(_ weights: [Double]) -> Double {
            truth.evaluate(Scoring.weightedSum(scores, weights: weights.map(Float.init))).P[0]
        }
        let progress = search(scores, truth).run(from: [1, 2, 5]), found = progress.weights
        #expect(abs(found.reduce(0, +) - 1) < 1e-9 && found.allSatisfy { $0 >= 0 })
        #expect(
            progress.start == value([0.125, 0.25, 0.625]) && progress.value == value(found) && progress.value > progress.start)
        for learner in 0..<3 {
            let rest = 1 - found[learner]
            for step in 0...20 {
                let share = Double(step) / 20
                var tried = [Double](repeating: (1 - share) / 2, count: 3)
                if rest > 0 { tried = found.map { $0 / rest * (1 - share) } }
                tried[learner] = share
                #expect(value(tried) <= progress.value)
            }
        }
    }

    /// A figure that finds another of the first learner's shares better in each round, so that no round is the last by itself.
    @Test("twenty-one shares of each learner are tried, in five rounds at most")
    func rounds() {
        let scores = [Int32(0), 1].map { CSRMatrix(cols: 2, rows: [[($0, 1)]], binary: false) }
        var calls = 0, best = 1.0
        let search = WeightSearch(scores: scores, truth: truth([0], of: 2), team: team) { _ in
            calls += 1
            // The first figure is that of the start; the share three places away from the learner's own is better.
            if calls > 1, (calls - 2) % 42 == 3 { best += 1 }
            return calls == 1 ? 1 : (calls - 2) % 42 == 3 ? best : 0
        }
        let found = search.run(from: [1, 1])
        #expect(calls == 1 + 5 * 2 * 21 && found.value == 6 && found.start == 1)
        calls = 0
        let still = WeightSearch(scores: scores, truth: truth([0], of: 2), team: team) { _ in
            calls += 1
            return 7
        }
        #expect(still.run(from: [3, 1]).weights == [0.75, 0.25] && calls == 1 + 2 * 21)
    }

    @Test("of one that had all, the others get equal parts")
    func fromOneAlone() {
        // The first is wrong alone; the others together outvote each other's mistakes: labels 0 and 1 have 2 votes of 0.6 against 1.
        let wrong = CSRMatrix(cols: 3, rows: [[(2, 1)]], binary: false)
        let others = [Int32(0), 0].map { CSRMatrix(cols: 3, rows: [[($0, 0.6)]], binary: false) }
        let found = search([wrong] + others, truth([0], of: 3)).run(from: [1, 0, 0])
        // From 0.35 down, 0.6·(1 − a) is more than a.
        #expect(found.weights[0] == 0.35 && abs(found.weights[1] - 0.325) < 1e-12 && abs(found.weights[2] - 0.325) < 1e-12)
        #expect(found.value == 100 && found.start == 0)
    }
}
