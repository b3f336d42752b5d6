import Config
import Messages
import Scoring
import Support
import TestSupport
import Testing

/// β that is chosen on validation documents, and metrics that choices are made by.
@Suite struct BetaSearchTests {
    private static let rows = 300, labels = 12

    /// Numbers that look random and are the same everywhere.
    private func scores(_ salt: Int, entries: Int) -> CSRMatrix {
        let starts = Buffer<Int64>((0...Self.rows).map { Int64($0 * entries) })
        let indices = Buffer<Int32>(count: Self.rows * entries), values = Buffer<Float>(count: Self.rows * entries)
        for row in 0..<Self.rows {
            for i in 0..<entries {
                let at = row * entries + i
                indices[at] = Int32(i * (Self.labels / entries) + (row + salt) % (Self.labels / entries))
                values[at] = Float((row * 7919 + i * 104_729 + salt * 31) % 1009) / 100 - 5
            }
        }
        return CSRMatrix(rows: Self.rows, cols: Self.labels, starts: starts, indices: indices, values: values)
    }

    private var truth: GroundTruth {
        let starts = Buffer<Int64>((0...Self.rows).map { Int64($0) })
        let indices = Buffer<Int32>((0..<Self.rows).map { Int32(($0 * 5 + $0 / 7) % Self.labels) })
        let labels = CSRMatrix(rows: Self.rows, cols: Self.labels, starts: starts, indices: indices, values: nil)
        return GroundTruth(labels: labels, inversePropensity: (0..<Self.labels).map { 1 + Double($0) })
    }

    @Test(arguments: ["P@1", "PSP@3", "nDCG@5", "P@1+PSP@1"]) func theTableIsThatOfEachBetaAlone(_ name: String) throws {
        let metric = try SelectionMetric(name, flag: "--tune-metric"), clf = scores(1, entries: 4), knn = scores(2, entries: 3)
        let table = try BetaSearch.table(
            LearnerParts(clf: clf, knn: knn), truth: truth, configured: 0.33, metric: (name, metric.value))
        #expect(table.rows.map(\.value) == ((0...20).map { Double($0) / 20 } + [0.33]).sorted())
        var best = (value: -1.0, score: -1.0)
        for row in table.rows {
            let figures = truth.evaluate(LearnerScores(clf: clf, knn: knn).combined(beta: row.value))
            #expect(row.score == metric.value(figures) && row.metrics == figures.figures)
            let nearer = abs(row.value - 0.33) < abs(best.value - 0.33)
            if row.score > best.score || row.score == best.score && nearer { best = (row.value, row.score) }
        }
        #expect(table.chosen == best.value && table.metric == name)
    }

    @Test func severalMetricsMakeAHarmonicMean() throws {
        let table = MetricTable(
            P: [50, 0, 0, 0, 0], nDCG: [40, 0, 0, 0, 30], PSP: [25, 0, 0, 0, 0], PSnDCG: [1, 2, 3, 4, 5], R: [9, 8, 7, 6, 5])
        func value(_ text: String) throws -> Double { try SelectionMetric(text, flag: "").value(table) }
        #expect(try value("P@1") == 50 && value("ndcg@5") == 30 && value("PSnDCG@2") == 2 && value("R@5") == 5)
        #expect(abs(try value("P@1+PSP@1") - 2 / (1 / 50.0 + 1 / 25.0)) < 1e-12)
        #expect(try value("P@1+P@2") == 0)
        for bad in ["", "P", "P@0", "P@6", "Q@1", "P@1+", "P@1,P@2", "+", "P@x", "P@1@2"] {
            #expect(throws: Failure.self) { try value(bad) }
        }
    }

    @Test func weightsOfOneAreTheSumAndOthersAreWeighted() throws {
        let parts = [scores(3, entries: 4), scores(4, entries: 3)].map { LearnerParts(clf: $0, knn: scores(5, entries: 2)) }
        let learners = parts.map { $0.combined(beta: 0.5) }
        let plain = try CombinedScores.ensemble(learners).block(0..<Self.rows)
        #expect(try CombinedScores.ensemble(learners, weights: nil).block(0..<Self.rows).values?.array == plain.values?.array)
        let weighted = try CombinedScores.ensemble(learners, weights: [0.25, 0.75]).block(0..<Self.rows)
        let whole = try Scoring.weightedSum(learners.map { try $0.block(0..<Self.rows) }, weights: [0.25, 0.75])
        #expect(weighted.values?.array == whole.values?.array && weighted.indices.array == whole.indices.array)
    }
}
