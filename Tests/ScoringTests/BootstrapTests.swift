import Foundation
import Scoring
import Support
import TestSupport
import Testing

@Suite struct BootstrapTests {
    /// Documents of two labels, of which a share is predicted first.
    private func evaluation(documents: Int, hits: (Int) -> Bool) -> (table: MetricTable, details: ScoreDetails) {
        let truth = GroundTruth(
            labels: made(rows: documents, cols: 8, binary: true) { _, c in c < 2 ? 1 : nil },
            inversePropensity: [Double](repeating: 2, count: 8), segments: LabelSegments(labelCounts: [8, 1, 1, 1, 1, 1, 1, 1]))
        let scores = made(rows: documents, cols: 8) { r, c in c == (hits(r) ? 0 : 7) ? 1 : nil }
        var sums = DetailedAccumulator(truth)
        for rows in RowBlock.ranges(documents) { sums.add(scores.block(rows)) }
        return (sums.table, sums.details)
    }

    /// Of a share p of n documents the interval is about p ± 1.96 √(p(1−p)/n), whether documents are drawn or blocks of them.
    @Test(arguments: [1000, 40_000]) func theWidthIsThatOfTheBinomialDistribution(documents: Int) {
        let (table, details) = evaluation(documents: documents) { $0 * 7919 % 10 < 3 }
        let wanted = 1.96 * 100 * (0.3 * 0.7 / Double(documents)).squareRoot(), range = details.intervals.P[0]
        #expect(table.P[0] == 30)
        #expect(abs((range[1] - range[0]) / 2 - wanted) < 0.1 * wanted, "\(range)")
        #expect(range[0] < 30 && range[1] > 30)
        #expect(details.intervals.resamples == 1000 && details.intervals.PSP.count == 5 && details.intervals.nDCG.count == 5)
    }

    /// Where all labels are as rare and one is predicted, all three metrics at 1 are the share of hits, in each draw.
    @Test func allMetricsAreOfTheSameDraws() {
        let intervals = evaluation(documents: 300) { $0 % 3 == 0 }.details.intervals
        #expect(intervals.P[0][0] > 20 && intervals.P[0][1] < 50)
        for other in [intervals.nDCG[0], intervals.PSP[0]] {
            for (own, wanted) in zip(other, intervals.P[0]) { #expect(abs(own - wanted) < 1e-9, "\(intervals)") }
        }
    }

    @Test func certaintyHasNoWidth() {
        #expect(evaluation(documents: 50) { _ in true }.details.intervals.P[0] == [100, 100])
        #expect(evaluation(documents: 0) { _ in true }.details.intervals.P[0] == [0, 0])
    }

    /// Of one document each draw is that document: at every rank, and what is said has four decimals.
    @Test func oneDocumentHasItsOwnFigures() {
        let truth = GroundTruth(
            labels: CSRMatrix(cols: 9, rows: [[(1, 1), (3, 1), (4, 1), (8, 1)]], binary: true),
            inversePropensity: (0..<9).map { 1 + Double($0 * $0) / 7 })
        var sums = DetailedAccumulator(truth)
        sums.add(CSRMatrix(cols: 9, rows: [[(0, 9), (3, 8), (1, 7), (2, 6), (4, 5)]]))
        let table = sums.table, intervals = sums.details.intervals
        #expect(table.P[0] == 0 && table.P[2] > 60 && intervals.level == 0.95 && intervals.resamples == 1000)
        for (ranges, figures) in [(intervals.P, table.P), (intervals.nDCG, table.nDCG), (intervals.PSP, table.PSP)] {
            #expect(ranges.count == 5)
            for (range, figure) in zip(ranges, figures) {
                #expect(range.allSatisfy { abs($0 - figure) < 1e-9 }, "\(range) \(figure)")
            }
        }
        let short = sums.details.rounded().intervals
        func four(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
        #expect(short.nDCG == intervals.nDCG.map { $0.map(four) } && short.nDCG != intervals.nDCG)
        #expect(short.PSP == intervals.PSP.map { $0.map(four) } && short.P == intervals.P.map { $0.map(four) })
        #expect(short.level == 0.95 && short.resamples == 1000)
    }

    /// The draws are functions of the document's and of the resample's number: the same intervals, drawn here in the plainest way.
    @Test(arguments: [7, 2048, 2049, 5000]) func drawsAreThoseOfTheirNumbers(documents: Int) {
        func hit(_ document: Int) -> Bool { document % 7 == 3 || document % 11 < 4 }
        let blocks = min(documents, 2048)
        var counts = [(documents: Double, hits: Double)](repeating: (0, 0), count: blocks)
        for document in 0..<documents {
            let word = philox(key: (1, 0), counter: SIMD4(UInt32(document), 0, 0, 0))[0]
            let block = documents == blocks ? document : Int((UInt64(word) * UInt64(blocks)) >> 32)
            counts[block].documents += 1
            counts[block].hits += hit(document) ? 1 : 0
        }
        let filled = counts.filter { $0.documents > 0 }
        let shares = (0..<1000).map { resample in
            var all = 0.0, hits = 0.0
            for place in filled.indices {
                let words = philox(key: (2, 0), counter: SIMD4(UInt32(place / 4), UInt32(resample), 0, 0))
                let drawn = filled[Int((UInt64(words[place % 4]) * UInt64(filled.count)) >> 32)]
                (all, hits) = (all + drawn.documents, hits + drawn.hits)
            }
            return 100 * hits / all
        }.sorted()
        #expect(evaluation(documents: documents, hits: hit).details.intervals.P[0] == [shares[25], shares[974]])
    }

    @Test func figuresAreThoseWithoutIntervals() {
        let measured = SampleScores(rows: 5000)
        var sums = DetailedAccumulator(measured.truth)
        sums.add(measured.scores)
        #expect(sums.table == measured.truth.evaluate(measured.scores))
        let segments = measured.truth.segments.map { measured.truth.bySegment(measured.scores, $0) } ?? []
        #expect(LabelSegments.names.compactMap { sums.details.segments?[$0] } == segments && segments.count == 3)
    }

    @Test func theSameDrawsEachTime() {
        let first = evaluation(documents: 300) { $0 % 3 == 0 }.details
        #expect(evaluation(documents: 300) { $0 % 3 == 0 }.details == first)
        #expect(evaluation(documents: 300) { $0 % 2 == 0 }.details != first)
    }
}

private struct SampleScores {
    let scores: CSRMatrix
    let truth: GroundTruth

    init(rows: Int) {
        scores = made(rows: rows, cols: 30) { r, c in (r * 31 + c * 17) % 5 < 2 ? Float((r + c * c) % 11) : nil }
        truth = GroundTruth(
            labels: made(rows: rows, cols: 30, binary: true) { r, c in r % 9 > 0 && (c == r % 23 || c == r % 7) ? 1 : nil },
            inversePropensity: (0..<30).map { 1 + Double($0) / 3 },
            segments: LabelSegments(labelCounts: (0..<30).map { Int32(90 / ($0 + 1)) }))
    }
}
