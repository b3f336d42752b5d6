import Foundation
import Scoring
import Support
import TestSupport
import Testing

/// Figures as reports store them have four decimals, each of them.
@Suite struct RoundingTests {
    private func four(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }

    private func isShort(_ short: [Double], _ long: [Double]) -> Bool { short == long.map(four) && short != long }

    /// Sevenths and thirteenths of documents, whose figures have no end.
    private var measured: (truth: GroundTruth, scores: CSRMatrix) {
        let rows = 91
        return (
            GroundTruth(
                labels: made(rows: rows, cols: 21, binary: true) { r, c in c % 7 == r % 7 || c % 13 == r % 13 ? 1 : nil },
                inversePropensity: (0..<21).map { 1 + Double($0) / 3 },
                segments: LabelSegments(labelCounts: (0..<21).map { Int32(90 / ($0 + 1)) })),
            made(rows: rows, cols: 21) { r, c in (r * 31 + c * 17) % 5 < 3 ? Float((r * 7 + c * c) % 19) / 19 : nil }
        )
    }

    @Test func tables() throws {
        let (truth, scores) = measured
        let table = truth.evaluate(scores), short = table.rounded()
        #expect(isShort(short.P, table.P) && isShort(short.nDCG, table.nDCG) && isShort(short.PSP, table.PSP))
        #expect(isShort(short.PSnDCG, table.PSnDCG) && isShort(short.R, table.R))
        #expect(table.rounded(digits: 1).P == table.P.map { ($0 * 10).rounded() / 10 })
        var sums = DetailedAccumulator(truth)
        sums.add(scores)
        let labels = sums.labelMetrics, few = labels.rounded()
        for (own, long) in [
            (few.microP, labels.microP), (few.microR, labels.microR), (few.microF1, labels.microF1), (few.macroP, labels.macroP),
            (few.macroR, labels.macroR), (few.macroF1, labels.macroF1),
        ] { #expect(isShort(own, long)) }
        #expect(few.coverage == labels.coverage.map(four))
        let details = sums.details, rounded = details.rounded()
        for name in LabelSegments.names {
            let long = try #require(details.segments?[name]), own = try #require(rounded.segments?[name])
            #expect(
                own.P == long.P.map(four) && own.R == long.R.map(four) && own.labels == long.labels && own.pairs == long.pairs)
        }
        #expect(rounded.segments != details.segments && rounded.intervals != details.intervals)
    }

    @Test func thresholds() {
        let (truth, scores) = measured, figures = truth.evaluate(scores, threshold: 0.123456), short = figures.rounded()
        #expect(short.threshold == 0.123456 && short.documentsWithout == figures.documentsWithout)
        #expect(
            short.labelsPerDocument == four(figures.labelsPerDocument) && short.labelsPerDocument != figures.labelsPerDocument)
        for figure: KeyPath<LabelFigures, Double> in [
            \.microP, \.microR, \.microF1, \.macroP, \.macroR, \.macroF1, \.coverage,
        ] { #expect(short.metrics[keyPath: figure] == four(figures.metrics[keyPath: figure])) }
        #expect(short.metrics != figures.metrics)
    }

    /// β as a key has two decimals, or as many as it needs.
    @Test func keysOfBeta() {
        #expect(
            [0.1, 0.75, 0, 1, 0.333, 0.105].map(LearnerEvaluation.key) == ["0.10", "0.75", "0.00", "1.00", "0.333", "0.105"])
    }

    /// P, nDCG and PSP at 1, 3 and 5, as far as a table goes.
    @Test func figuresByName() {
        func table(_ count: Int) -> MetricTable {
            func at(_ base: Double) -> [Double] { (0..<count).map { base + Double($0) } }
            return MetricTable(P: at(10), nDCG: at(20), PSP: at(30), PSnDCG: at(40), R: at(50))
        }
        #expect(
            table(5).figures == [
                "P@1": 10, "P@3": 12, "P@5": 14, "nDCG@1": 20, "nDCG@3": 22, "nDCG@5": 24, "PSP@1": 30, "PSP@3": 32, "PSP@5": 34,
            ])
        #expect(table(3).figures.keys.sorted() == ["P@1", "P@3", "PSP@1", "PSP@3", "nDCG@1", "nDCG@3"])
        #expect(table(2).figures.count == 3 && table(0).figures.isEmpty)
    }
}
