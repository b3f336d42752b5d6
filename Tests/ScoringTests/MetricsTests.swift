import Datasets
import Scoring
import Support
import TestSupport
import Testing

@Suite struct MetricsTests {
    let oracle: MetricsOracle
    init() throws { oracle = try MetricsOracle.load() }

    private func table(_ scores: CSRMatrix, filter: CSRMatrix? = nil, team: ThreadTeam? = nil) -> MetricTable {
        Metrics.evaluate(
            scores: scores, truth: oracle.truth.binary, inversePropensity: oracle.inversePropensity, filter: filter, team: team)
    }

    @Test func propensityIsNumpys() {
        let inverse = Propensity.inverse(labelCounts: oracle.counts, documents: oracle.documents, A: oracle.A, B: oracle.B)
        #expect(zip(inverse, oracle.inversePropensity).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(inverse.count == oracle.inversePropensity.count)
    }

    @Test func metricsAreNumpys() throws {
        #expect(distance(table(oracle.plain.csr), try #require(oracle.metrics["plain"])) < 1e-9)
    }

    @Test func tiesGoToTheSmallerLabel() throws {
        #expect(distance(table(oracle.tied.csr), try #require(oracle.metrics["tied"])) < 1e-9)
    }

    @Test func filteredPairsAreNoPredictions() throws {
        let filtered = table(oracle.tied.csr, filter: oracle.filter.binary)
        #expect(distance(filtered, try #require(oracle.metrics["filtered"])) < 1e-9)
        #expect(distance(filtered, table(oracle.tied.csr)) > 0.01)
    }

    @Test func segmentsAreNumpys() throws {
        let segments = LabelSegments(labelCounts: oracle.counts)
        for (name, scores, filter) in [
            ("plain", oracle.plain.csr, nil), ("filtered", oracle.tied.csr, Optional(oracle.filter.binary)),
        ] {
            let truth = GroundTruth(
                labels: oracle.truth.binary, inversePropensity: oracle.inversePropensity, filter: filter)
            for (ours, numpys) in zip(truth.bySegment(scores, segments), try #require(oracle.segments[name])) {
                #expect(ours.labels == numpys.labels && ours.pairs == numpys.pairs)
                #expect(zip(ours.P + ours.R, numpys.P + numpys.R).allSatisfy { abs($0 - $1) < 1e-9 }, "\(name)")
            }
        }
    }

    /// `few`: labels from 20 on have no document.
    @Test(arguments: ["plain", "tied", "filtered", "few"]) func figuresByLabelAreScikitLearns(name: String) throws {
        let expected = try #require(oracle.byLabel[name]), all = oracle.truth.binary
        let few = CSRMatrix(
            cols: all.cols, rows: (0..<all.rows).map { all.columns($0).filter { $0 < 20 }.map { ($0, 1) } }, binary: true)
        let truth = GroundTruth(
            labels: name == "few" ? few : all, inversePropensity: oracle.inversePropensity,
            filter: name == "filtered" ? oracle.filter.binary : nil)
        let scores = name == "plain" || name == "few" ? oracle.plain.csr : oracle.tied.csr
        var sums = DetailedAccumulator(truth)
        sums.add(scores)
        let (ranks, wanted) = (sums.labelMetrics, expected.ranks)
        for (ours, theirs) in [
            (ranks.microP, wanted.microP), (ranks.microR, wanted.microR), (ranks.microF1, wanted.microF1),
            (ranks.macroP, wanted.macroP), (ranks.macroR, wanted.macroR), (ranks.macroF1, wanted.macroF1),
            (ranks.coverage, wanted.coverage),
        ] {
            #expect(ours.count == 5 && zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-9 }, "\(ours) \(theirs)")
        }
        for theirs in expected.thresholds {
            let ours = truth.evaluate(scores, threshold: theirs.threshold)
            #expect(ours.documentsWithout == theirs.documentsWithout && ours.labelsPerDocument == theirs.labelsPerDocument)
            #expect(distance(ours.metrics, theirs.metrics) < 1e-9)
        }
    }

    @Test func meansAreOverTheLabelsThatAreMeasured() {
        let truth = GroundTruth(
            labels: CSRMatrix(cols: 8, rows: [[(0, 1), (3, 1)], []], binary: true),
            inversePropensity: [Double](repeating: 1, count: 8), countedLabels: 4)
        let scores = CSRMatrix(cols: 8, rows: [[(0, 0.9), (3, 0.2)], [(3, 0.9)]])
        let high = truth.evaluate(scores, threshold: 0.9).metrics
        // Label 0 is right, label 3 missed in one document and wrong in one that has no label.
        #expect(high.microP == 50 && high.microR == 50 && high.macroF1 == 25 && high.coverage == 50)
        #expect(truth.evaluate(scores, threshold: 0.2).metrics.coverage == 100)
    }

    /// One label, found in one of two documents, and none at all.
    @Test func meansOverOneLabel() {
        let truth = GroundTruth(labels: CSRMatrix(cols: 1, rows: [[(0, 1)], [(0, 1)]], binary: true), inversePropensity: [1])
        let figures = truth.evaluate(CSRMatrix(cols: 1, rows: [[(0, 0.9)], []]), threshold: 0.5)
        #expect(figures.metrics.macroP == 100 && figures.metrics.macroR == 50 && abs(figures.metrics.macroF1 - 200 / 3.0) < 1e-9)
        #expect(figures.documentsWithout == 1 && figures.labelsPerDocument == 0.5 && figures.metrics.coverage == 100)
        let none = GroundTruth(labels: CSRMatrix(cols: 0, rows: [], binary: true), inversePropensity: [])
        let zeros = none.evaluate(CSRMatrix(cols: 0, rows: []), threshold: 0.5)
        #expect(
            zeros.metrics.macroP == 0 && zeros.metrics.microF1 == 0 && zeros.labelsPerDocument == 0 && zeros.documentsWithout == 0
        )
    }

    /// As many ranks as are asked for: the first of them alone, or more than labels.
    @Test(arguments: [1, 2, 7]) func ranksOfFigures(k: Int) {
        func sums(_ k: Int) -> DetailedAccumulator {
            let truth = GroundTruth(
                labels: oracle.truth.binary, inversePropensity: oracle.inversePropensity,
                segments: LabelSegments(labelCounts: oracle.counts))
            var sums = DetailedAccumulator(truth, k: k)
            sums.add(oracle.plain.csr)
            return sums
        }
        let own = sums(k), five = sums(5), count = min(k, 5)
        #expect(own.table.P.count == k && own.labelMetrics.microP.count == k && own.details.intervals.PSP.count == k)
        #expect(Array(own.table.P.prefix(count)) == Array(five.table.P.prefix(count)))
        #expect(Array(own.labelMetrics.macroF1.prefix(count)) == Array(five.labelMetrics.macroF1.prefix(count)))
        #expect(Array(own.details.intervals.nDCG.prefix(count)) == Array(five.details.intervals.nDCG.prefix(count)))
        for name in LabelSegments.names {
            #expect(own.details.segments?[name]?.R.prefix(count) == five.details.segments?[name]?.R.prefix(count))
        }
    }

    @Test func labelsOfOneDocument() {
        #expect(LabelSegments(labelCounts: [1, 1, 1]).segment == [0, 1, 2])
        #expect(LabelSegments(labelCounts: [1, 1, 1, 1, 1, 1, 0]).segment == [0, 0, 1, 1, 2, 2, 2])
        #expect(LabelSegments(labelCounts: [1, 5]).segment == [2, 0] && LabelSegments(labelCounts: [1, 2]).segment == [2, 0])
    }

    /// Where no label weighs anything, a metric by weights is 0, and so is its interval.
    @Test func weightsOfNothing() {
        let labels = CSRMatrix(cols: 3, rows: [[(1, 1)], [(0, 1)]], binary: true)
        var sums = DetailedAccumulator(GroundTruth(labels: labels, inversePropensity: [0, 0, 0]))
        sums.add(CSRMatrix(cols: 3, rows: [[(1, 1)], [(0, 1)]]))
        let zeros = [Double](repeating: 0, count: 5)
        #expect(sums.table.PSP == zeros && sums.table.PSnDCG == zeros && sums.table.P[0] == 100)
        #expect(sums.details.intervals.PSP == zeros.map { [$0, $0] } && sums.details.intervals.P[0] == [100, 100])
    }

    @Test func segmentsOfTheSimplestLabels() {
        #expect(LabelSegments(labelCounts: [1, 4, 0, 2, 2]).segment == [2, 0, 2, 1, 2])
        #expect(LabelSegments(labelCounts: [0, 0]).segment == [2, 2])
        #expect(LabelSegments(labelCounts: [5]).segment == [0])
        #expect(LabelSegments(labelCounts: []).segment.isEmpty)
    }

    @Test func threadsDoNotChangeABit() {
        let team = ThreadTeam(size: 3)
        defer { team.stop() }
        // Enough documents for several blocks.
        let many = made(rows: 5000, cols: 30) { r, c in c == r % 30 ? Float(r % 7) : nil }
        let truth = made(rows: 5000, cols: 30, binary: true) { r, c in c == r % 23 ? 1 : nil }
        func run(_ team: ThreadTeam?) -> MetricTable {
            Metrics.evaluate(scores: many, truth: truth, inversePropensity: oracle.inversePropensity, team: team)
        }
        #expect(run(team) == run(nil))
        #expect(run(nil).P[0] > 0)
    }

    @Test func aPerfectPredictionScores100() {
        let truth = CSRMatrix(cols: 9, rows: [[(0, 1), (3, 1), (8, 1)], [(2, 1)]], binary: true)
        let scores = CSRMatrix(cols: 9, rows: [[(0, 3), (3, 2), (8, 1)], [(2, 1)]])
        let table = Metrics.evaluate(scores: scores, truth: truth, inversePropensity: [Double](repeating: 2, count: 9))
        #expect(table.nDCG.allSatisfy { abs($0 - 100) < 1e-9 })
        #expect(table.PSP.allSatisfy { abs($0 - 100) < 1e-9 })
        #expect(table.R[4] == 100)
        #expect(abs(table.P[1] - 75) < 1e-9)
    }

    @Test func noDocumentWithLabelsGivesZeros() {
        let empty = CSRMatrix(cols: 3, rows: [[], []], binary: true)
        let scores = CSRMatrix(cols: 3, rows: [[(0, 1)], []])
        let table = Metrics.evaluate(scores: scores, truth: empty, inversePropensity: [1, 1, 1])
        let zeros = [Double](repeating: 0, count: 5)
        #expect(table == MetricTable(P: zeros, nDCG: zeros, PSP: zeros, PSnDCG: zeros, R: zeros))
    }

    @Test func aNaNScoreRanksLast() {
        let truth = CSRMatrix(cols: 3, rows: [[(1, 1)]], binary: true)
        let scores = CSRMatrix(cols: 3, rows: [[(0, .nan), (1, -5), (2, .nan)]])
        #expect(Metrics.evaluate(scores: scores, truth: truth, inversePropensity: [1, 1, 1]).P[0] == 100)
    }
}
