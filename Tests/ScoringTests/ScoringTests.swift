import Foundation
import Messages
import Scoring
import Support
import TestSupport
import Testing

@Suite struct ScoringTests {
    let oracle: MetricsOracle
    init() throws { oracle = try MetricsOracle.load() }

    @Test func combinationIsScipys() {
        let ours = Scoring.combine(clf: oracle.plain.csr, knn: oracle.other.csr, beta: oracle.beta)
        #expect(agree(ours, oracle.combined.csr, tolerance: 2e-6))
    }

    @Test func ensembleIsScipys() {
        let learners = [oracle.plain, oracle.tied, oracle.other].map { Scoring.squashed($0.csr) }
        #expect(agree(Scoring.ensemble(learners), oracle.ensemble.csr, tolerance: 2e-6))
    }

    @Test func topKIsNumpysStableSort() {
        #expect(agree(Scoring.topK(oracle.tied.csr, oracle.k), oracle.top.csr, tolerance: 0))
    }

    @Test func topKOfAnyLengthIsThatOfSorting() {
        let row = (0..<257).map { (Int32($0), Float(($0 * 7919) % 101) - 50) }
        let matrix = CSRMatrix(cols: 300, rows: [row])
        for k in [0, 1, 2, 3, 50, 100, 255, 256, 257, 1000] {
            let best = row.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(k)
            #expect(rows(Scoring.topK(matrix, k))[0] == Dictionary(uniqueKeysWithValues: best), "k = \(k)")
            #expect(Scoring.ranking(matrix, row: 0, k: k).map(\.label) == best.map(\.0))
        }
    }

    @Test func teamsGiveTheSameBits() {
        let team = ThreadTeam(size: 3)
        defer { team.stop() }
        let big = made(rows: 1000, cols: 50) { r, c in c % 2 == 0 ? Float(r % 13) - Float(c) : nil }
        let other = made(rows: 1000, cols: 50) { r, c in c > 20 ? Float(r % 5) / Float(c) : nil }
        let alone = Scoring.combine(clf: big, knn: other, beta: 0.3)
        let together = Scoring.combine(clf: big, knn: other, beta: 0.3, team: team)
        #expect(agree(alone, together, tolerance: 0))
        #expect(agree(Scoring.topK(alone, 5), Scoring.topK(alone, 5, team: team), tolerance: 0))
    }

    @Test func rerankerCombinesLabelsOfBothStages() {
        let a = CSRMatrix(cols: 5, rows: [[(0, 1), (2, 3)], []])
        let b = CSRMatrix(cols: 5, rows: [[(2, -1), (4, 9)], [(1, 1)]])
        let both = Scoring.rerank(reranker: a, firstStage: b, beta: 0.75)
        #expect(rows(both) == [[2: 0.75 * 3 - 0.25], [:]])
    }

    @Test func rerankedLogitsReplaceTheClassifiers() {
        let scores = LearnerScores(clf: oracle.plain.csr, knn: oracle.other.csr, reranker: oracle.tied.csr)
        let expected = Scoring.combine(clf: oracle.tied.csr, knn: oracle.other.csr, beta: 0.4)
        #expect(agree(scores.combined(beta: 0.4), expected, tolerance: 0))
    }

    @Test func hugeLogitsStayFinite() {
        let clf = CSRMatrix(cols: 3, rows: [[(0, 1e30), (1, -1e30)], [(0, -1e30), (2, -200)]])
        let values = Scoring.squashed(clf).values?.array ?? []
        #expect(values == [1, 0, 0, 0])
    }

    @Test func keysOrderAsScoresAndComeBack() {
        let scores: [Float] = [.infinity, 3, 1e-30, 0, -1e-30, -2, -.infinity]
        let keys = scores.map { RankKey(score: $0, label: 7) }
        #expect(keys == keys.sorted())
        #expect(keys.map(\.score) == scores)
        #expect(RankKey(score: -0.0, label: 1) < RankKey(score: 0, label: 2))
        #expect(RankKey(score: -.infinity, label: .max) < RankKey(score: .nan, label: 0))
        #expect(keys.allSatisfy { $0.label == 7 })
    }
}

@Suite struct ScoreMergerTests {
    @Test func shardsInAnyOrderGiveTheTopKOfTheWhole() {
        // Many ties, so that the tie rule decides the cut.
        let whole = made(rows: 37, cols: 60) { r, c in Float((r * 31 + c * 17) % 11) }
        var entries: [ScoreEntry] = []
        for r in 0..<37 {
            for c in 0..<60 {
                let value = whole.weights(r)[c]
                entries.append(ScoreEntry(row: Int32(r), label: Int32(c), score: value, prior: -value))
            }
        }
        var random = SystemRandomNumberGenerator()
        entries.shuffle(using: &random)
        let merger = ScoreMerger(rows: 37, labels: 60, topK: 8)
        for part in stride(from: 0, to: entries.count, by: 100) {
            merger.add(documents: 0..<37, entries: Array(entries[part..<min(part + 100, entries.count)]))
        }
        let scores = merger.finish()
        let negated = made(rows: 37, cols: 60) { r, c in -whole.weights(r)[c] }
        #expect(agree(scores.clf, Scoring.topK(whole, 8), tolerance: 0))
        #expect(agree(scores.knn, Scoring.topK(negated, 8), tolerance: 0))
    }

    /// Rows are kept in runs of 1,024, which are made when their first score comes.
    @Test func rowsFarApart() {
        let merger = ScoreMerger(rows: 5000, labels: 9, topK: 3)
        let places = [4999, 0, 1023, 1024, 3000]
        for row in places {
            for label in 0..<9 {
                merger.add(
                    documents: row..<row + 1,
                    entries: [
                        ScoreEntry(row: Int32(row), label: Int32(label), score: Float(label * (row % 7 + 1) % 9), prior: .nan)
                    ])
            }
        }
        let scores = merger.finish(), found = rows(scores.clf)
        for row in 0..<5000 {
            let all = (0..<9).map { (Int32($0), Float($0 * (row % 7 + 1) % 9)) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
            let best = places.contains(row) ? Array(all.prefix(3)) : []
            #expect(found[row] == Dictionary(uniqueKeysWithValues: best), "row \(row)")
        }
        #expect(scores.knn.nonZeros == 0 && merger.finish().clf.nonZeros == 0)
    }

    /// Where most entries are thrown away, an early mistake is forgotten: here one or two are.
    @Test(arguments: 3...5) func everyOrderOfAFewEntries(topK: Int) {
        var orders: [[Int]] = [[]]
        for next in 0..<6 {
            orders = orders.flatMap { order in (0...order.count).map { Array(order[..<$0]) + [next] + Array(order[$0...]) } }
        }
        let all = orders
        let whole = made(rows: 720, cols: 6) { r, c in Float(all[r][c]) }
        let merger = ScoreMerger(rows: 720, labels: 6, topK: topK)
        for c in 0..<6 {
            let entries = (0..<720).map { ScoreEntry(row: Int32($0), label: Int32(c), score: Float(all[$0][c]), prior: .nan) }
            merger.add(documents: 0..<720, entries: entries)
        }
        #expect(agree(merger.finish().clf, Scoring.topK(whole, topK), tolerance: 0))
    }

    @Test func missingStagesAndEmptyRows() {
        let merger = ScoreMerger(rows: 3, labels: 4, topK: 100)
        merger.add(
            documents: 2..<3,
            entries: [
                ScoreEntry(row: 2, label: 3, score: 1, prior: .nan), ScoreEntry(row: 2, label: 0, score: .nan, prior: 0.5),
            ])
        let scores = merger.finish()
        #expect(rows(scores.clf) == [[:], [:], [3: 1]])
        #expect(rows(scores.knn) == [[:], [:], [0: 0.5]])
        #expect(scores.clf.cols == 4)
    }

    @Test func anEntryIsSixteenBytes() {
        #expect(MemoryLayout<ScoreEntry>.stride == 16 && MemoryLayout<ScoreEntry>.size == 16)
    }
}

@Suite struct ShareTests {
    private func row(_ entries: [(Int32, Float)]) -> CSRMatrix { CSRMatrix(cols: 4, rows: [entries], binary: false) }

    @Test("a row's entries are divided by its largest; without a positive one they stay")
    func shares() {
        #expect(Scoring.shares(row([(0, 2), (1, 8), (3, -4)])).weights(0).map { $0 } == [0.25, 1, -0.5])
        #expect(Scoring.shares(row([(0, -2), (1, -8)])).weights(0).map { $0 } == [-2, -8])
        #expect(Scoring.shares(row([])).nonZeros == 0)
        // Whatever the largest is: below 1, and below all numbers but 0.
        #expect(Scoring.shares(row([(0, 0.5), (2, 0.125)])).weights(0).map { $0 } == [1, 0.25])
        #expect(Scoring.shares(row([(1, .leastNonzeroMagnitude)])).weights(0).map { $0 } == [1])
        #expect(Scoring.shares(row([(0, 0), (2, -1)])).weights(0).map { $0 } == [0, -1])
    }

    @Test("one neighbour's score makes a shortlist")
    func shortlist() {
        #expect(LearnerScores(clf: row([(0, 1)]), knn: row([(2, 1)])).hasShortlist)
        #expect(!LearnerScores(clf: row([(0, 1)]), knn: row([])).hasShortlist)
        #expect(!LearnerScores(clf: row([(0, 1)]), knn: row([(2, 1)]), hasShortlist: false).hasShortlist)
        #expect(LearnerParts(clf: row([(0, 1)]), knn: row([(2, 1)])).hasShortlist)
        #expect(!LearnerParts(clf: row([(0, 1)]), knn: row([])).hasShortlist)
    }

    @Test("entries from a score on, and without some pairs, in their order")
    func parts() {
        let scores = CSRMatrix(
            cols: 9, rows: [[(0, 0.5), (3, 0.25), (4, 0.75), (8, 0.5)], [], [(2, 0.1)], [(1, 0.9), (5, 0.5)]])
        #expect(rows(Scoring.atLeast(0.5, of: scores)) == [[0: 0.5, 4: 0.75, 8: 0.5], [:], [:], [1: 0.9, 5: 0.5]])
        #expect(
            rows(Scoring.atLeast(0.76, of: scores)) == [[:], [:], [:], [1: 0.9]]
                && rows(Scoring.atLeast(0, of: scores)) == rows(scores))
        let pairs = CSRMatrix(cols: 9, rows: [[(3, 1), (5, 1)], [(1, 1)], [(2, 1)], []], binary: true)
        #expect(rows(Scoring.without(pairs, in: scores)) == [[0: 0.5, 4: 0.75, 8: 0.5], [:], [:], [1: 0.9, 5: 0.5]])
        let team = ThreadTeam(size: 2)
        defer { team.stop() }
        #expect(rows(Scoring.without(pairs, in: scores, team: team)) == rows(Scoring.without(pairs, in: scores)))
        #expect(rows(Scoring.atLeast(0.5, of: scores, team: team)) == rows(Scoring.atLeast(0.5, of: scores)))
        let truth = GroundTruth(labels: scores, inversePropensity: [Double](repeating: 1, count: 9), filter: pairs)
        #expect(rows(truth.predictions(of: scores.block(2..<4), 2..<4)) == [[:], [1: 0.9, 5: 0.5]])
        #expect(rows(GroundTruth(labels: scores, inversePropensity: []).predictions(of: scores, 0..<4)) == rows(scores))
    }

    @Test("one learner is an ensemble")
    func alone() throws {
        let learner = LearnerParts(clf: row([(0, 1), (3, 2)]), knn: row([(2, 1)])).combined(beta: 0.5),
            wanted = try learner.block(0..<1)
        for ensemble in [CombinedScores.ensemble([learner]), CombinedScores.ensemble([learner], weights: nil)] {
            let found = try ensemble.block(0..<1)
            #expect(ensemble.rows == 1 && ensemble.cols == 4 && found.values?.array == wanted.values?.array)
        }
        let half = CombinedScores.ensemble([learner], weights: [0.5])
        #expect(try half.rows == 1 && half.cols == 4 && half.block(0..<1).values?.array == wanted.values?.array.map { $0 / 2 })
    }

    @Test("the authors' values of beta are measured")
    func betas() { #expect(LearnerEvaluation.betas == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9]) }
}
