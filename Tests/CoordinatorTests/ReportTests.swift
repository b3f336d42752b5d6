import Coordinator
import Formats
import Foundation
import Reports
import Scoring
import Support
import TestSupport
import Testing

func table(_ base: Double) -> MetricTable {
    let at = (0..<5).map { base - Double($0) * 1.23456789 }
    return MetricTable(P: at, nDCG: at.map { $0 + 0.5 }, PSP: at.map { $0 / 2 }, PSnDCG: at.map { $0 / 3 }, R: at.map { $0 / 4 })
}

@Suite struct ReportTests {
    let scores = LearnerScores(
        clf: CSRMatrix(cols: 6, rows: [[(0, 2), (1, 1), (5, -1)], [(2, 1), (3, 0)]]),
        knn: CSRMatrix(cols: 6, rows: [[(1, 0.9), (4, 0.2)], [(2, 0.1)]]))
    let truth = GroundTruth(
        labels: CSRMatrix(cols: 6, rows: [[(1, 1), (4, 1)], [(2, 1)]], binary: true), inversePropensity: [1, 2, 3, 4, 5, 6])

    private func report(reranked: Bool) -> MetricsReport {
        var scores = scores
        if reranked { scores.reranker = CSRMatrix(cols: 6, rows: [[(0, -2), (1, 3)], [(2, 1)]]) }
        let evaluation = LearnerEvaluation(scores: scores, truth: truth, beta: 0.3)
        return MetricsReport(
            run: RunIdentity(framework: "DeepXML", arch: "Astec", dataset: "WordNetSmall", version: "0"),
            layout: RunLayout(ranks: 3, workers: 2, groups: 1), wallSeconds: 12.34567, peakRSSMiB: [50, 200, 210],
            commSeconds: [0, 1.23456, 2],
            data: .init(train: 2, test: 2, features: 9, labels: 6, fingerprint: "ab12"),
            learners: [
                .init(
                    seed: 108, evaluation: evaluation, seconds: ["surrogate": 1, "shortlist": 2.5, "extreme": 3, "predict": 0.1])
            ],
            ensemble: table(70),
            config: .sorted(["global": .sorted(["beta": .number(0.3), "files": .array([.integer(1), .string("a")])])]),
            gitRevision: "abc")
    }

    @Test("a test set without labels gets a line in place of zeros") func notMeasured() throws {
        #expect(ClosingReport.notMeasured(documents: 0) == "not measured: there is no test document")
        #expect(ClosingReport.notMeasured(documents: 1200) == "not measured: none of 1,200 test documents has a label")
        let none = GroundTruth(
            labels: CSRMatrix(cols: 6, rows: [[], []], binary: true), inversePropensity: truth.inversePropensity)
        #expect(none.labelledDocuments == 0 && truth.labelledDocuments == 2)
        // Reports of earlier versions lack the number, and are still read.
        var report = report(reranked: false)
        let text = try report.json()
        #expect(!text.contains("test_labelled"))
        #expect(try MetricsReport(json: text).data.testLabelled == nil)
        report.data.testLabelled = 0
        #expect(try report.json().contains("\"test_labelled\" : 0") && MetricsReport(json: report.json()).data.testLabelled == 0)
    }

    @Test func jsonHasTheIssuesKeys() throws {
        let json = try report(reranked: true).json()
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let required = [
            "schema", "framework", "arch", "dataset", "version", "ranks", "workers", "groups", "wall_seconds", "peak_rss_mib",
            "comm_seconds",
            "data", "learners", "ensemble",
        ]
        #expect(Set(object.keys) == Set(required + ["config", "git_revision"]))
        #expect(object["schema"] as? Int == 1)
        #expect(object["peak_rss_mib"] as? [Int] == [50, 200, 210])
        let data = try #require(object["data"] as? [String: Any])
        #expect(Set(data.keys) == ["train", "test", "features", "labels", "fingerprint"])
        let learner = try #require((object["learners"] as? [[String: Any]])?.first)
        #expect(
            Set(learner.keys) == ["seed", "metrics", "label_metrics", "by_beta", "by_beta_before_reranker", "stages", "seconds"])
        let byBeta = try #require(learner["by_beta"] as? [String: Any])
        #expect(Set(byBeta.keys) == ["0.10", "0.20", "0.30", "0.40", "0.50", "0.60", "0.75", "0.90"])
        let stages = try #require(learner["stages"] as? [String: [String: [Double]]])
        #expect(Set(stages.keys) == ["knn", "clf", "reranker"])
        for table in stages.values {
            #expect(Set(table.keys) == ["P", "nDCG", "PSP", "PSnDCG", "R"] && table.values.allSatisfy { $0.count == 5 })
        }
        let ensemble = try #require(object["ensemble"] as? [String: [String: [Double]]])
        #expect(ensemble["metrics"]?["P"] == [70, 68.7654, 67.5309, 66.2963, 65.0617])
    }

    @Test func jsonReadsBackAndListsStandOnALine() throws {
        let json = try report(reranked: false).json()
        #expect(json.contains(#""P" : [70, 68.7654, 67.5309, 66.2963, 65.0617],"#))
        #expect(json.contains(#""peak_rss_mib" : [50, 200, 210],"#))
        #expect(json.contains(#""wall_seconds" : 12.346"#))
        #expect(json.contains(#""comm_seconds" : [0, 1.235, 2],"#))
        let copy = try MetricsReport(json: json)
        #expect(try copy.json() == json)
        #expect(copy.learners[0].byBetaBeforeReranker == nil && copy.learners[0].seconds["reranker"] == nil)
        #expect(copy.config == report(reranked: false).config)
    }

    /// Seconds have three decimals and figures four, of each learner and each of its parts.
    @Test func allFiguresAreShort() throws {
        var report = report(reranked: true)
        let long = [1.23456789, 2.5, 33.333333, 66.6666666, 99.99999]
        func table() -> MetricTable { MetricTable(P: long, nDCG: long, PSP: long, PSnDCG: long, R: long) }
        report.learners[0].seconds = ["extreme": 1.23456, "predict": 0.0004]
        report.learners[0].metrics = table()
        report.learners[0].byBeta = ["0.10": table()]
        report.learners[0].stages = ["clf": table()]
        report.learners[0].byBetaBeforeReranker = ["0.20": table()]
        let copy = try MetricsReport(json: report.json()), learner = copy.learners[0], short = table().rounded()
        #expect(short.P == [1.2346, 2.5, 33.3333, 66.6667, 100] && short != table())
        #expect(learner.seconds == ["extreme": 1.235, "predict": 0] && learner.metrics == short)
        #expect(learner.byBeta == ["0.10": short] && learner.stages == ["clf": short])
        #expect(learner.byBetaBeforeReranker == ["0.20": short] && copy.ensemble.metrics == report.ensemble.metrics.rounded())
        #expect(learner.labelMetrics == report.learners[0].labelMetrics?.rounded() && learner.labelMetrics != nil)
    }

    @Test(
        "only lists of numbers stand on a line",
        arguments: [
            ("{\n  \"a\" : [\n    1,\n    -2\n  ]\n}", "{\n  \"a\" : [1, -2]\n}"),
            ("[\n  \"x\"\n]", "[\n  \"x\"\n]"), ("[\n\n]", "[\n\n]"), ("[\n  1,\n  \"x\"\n]", "[\n  1,\n  \"x\"\n]"),
            ("[\n  [\n    5\n  ],\n  [\n    6\n  ]\n]", "[\n  [5],\n  [6]\n]"), ("[", "["), ("[\n  1", "[\n  1"),
        ])
    func lists(text: String, wanted: String) { #expect(MetricsReport.joinNumberLists(text) == wanted) }

    /// Only where a worker computed on a GPU.
    @Test func devicesOfTheWorkers() throws {
        var report = report(reranked: false)
        #expect(try !report.json().contains("devices"))
        report.devices = [
            .init(rank: 1, host: "a", name: "NVIDIA H200", backend: "CUDA", driver: "12.8", compiler: "NVRTC 12.9"),
            .init(rank: 2, host: "a", name: "Radeon", backend: "OpenCL", driver: "driver 24.1", compiler: nil),
        ]
        let copy = try MetricsReport(json: try report.json())
        #expect(copy.devices == report.devices)
        #expect(try copy.json().contains(#""backend" : "CUDA""#))
    }

    @Test func evaluationIsThatOfTheCombination() {
        let evaluation = LearnerEvaluation(scores: scores, truth: truth, beta: 0.3)
        #expect(evaluation.metrics == truth.evaluate(scores.combined(beta: 0.3)))
        #expect(evaluation.byBeta["0.75"] == truth.evaluate(scores.combined(beta: 0.75)))
        #expect(evaluation.stages["knn"] == truth.evaluate(scores.knn))
        #expect(evaluation.byBetaBeforeReranker == nil)
    }

    @Test func theRerankerReplacesTheClassifiersButIsKeptApart() {
        var reranked = scores
        reranked.reranker = CSRMatrix(cols: 6, rows: [[(0, -2), (1, 3)], [(2, 1)]])
        let evaluation = LearnerEvaluation(scores: reranked, truth: truth, beta: 0.9)
        let before = LearnerEvaluation(scores: scores, truth: truth, beta: 0.9)
        #expect(evaluation.metrics == truth.evaluate(reranked.combined(beta: 0.9)))
        #expect(evaluation.byBeta["0.90"] == evaluation.metrics)
        #expect(evaluation.metrics != before.metrics)
        #expect(evaluation.byBetaBeforeReranker == before.byBeta)
        #expect(evaluation.stages["reranker"] == reranked.reranker.map { truth.evaluate($0) })
    }

    @Test func theLogHasTheOriginalsLayout() {
        var reranked = scores
        reranked.reranker = CSRMatrix(cols: 6, rows: [[(0, -2), (1, 3)], [(2, 1)]])
        let text = EvaluationLog.learner(LearnerEvaluation(scores: reranked, truth: truth, beta: 0.3))
        let names = text.split(separator: "\n", omittingEmptySubsequences: false).filter { $0.first?.isNumber != true }
        let block =
            ["classifier", "shortlist"] + ["0.10", "0.20", "0.30", "0.40", "0.50", "0.60", "0.75", "0.90"].map { "beta: \($0)" }
        #expect(names.map(String.init) == block + ["Re-ranker", ""] + block + [""])
        #expect(text.hasPrefix("classifier\n50.00,50.00,33.33,25.00,20.00\n"))
        #expect(text.contains("\n\nclassifier\n") == true)
    }

    @Test func theEnsembleLogHasTheOriginalsLayout() {
        let text = EvaluationLog.ensemble(learners: [table(60), table(50)], ensemble: table(70))
        #expect(
            text == """
                learner: 0
                60.00,58.77,57.53,56.30,55.06
                60.50,59.27,58.03,56.80,55.56
                30.00,29.38,28.77,28.15,27.53
                20.00,19.59,19.18,18.77,18.35
                learner: 1
                50.00,48.77,47.53,46.30,45.06
                50.50,49.27,48.03,46.80,45.56
                25.00,24.38,23.77,23.15,22.53
                16.67,16.26,15.84,15.43,15.02
                Ensemble
                70.00,68.77,67.53,66.30,65.06
                70.50,69.27,68.03,66.80,65.56
                35.00,34.38,33.77,33.15,32.53
                23.33,22.92,22.51,22.10,21.69

                """)
    }

    @Test func theClosingTableIsAligned() {
        let text = ClosingReport.table(learners: [(108, table(72.486)), (7, table(9.5))], ensemble: table(100))
        #expect(
            text == """
                             P@1    P@3    P@5  nDCG@5  PSP@1  PSP@3  PSP@5
                seed 108   72.49  70.02  67.55   68.05  36.24  35.01  33.77
                seed 7      9.50   7.03   4.56    5.06   4.75   3.52   2.28
                ensemble  100.00  97.53  95.06   95.56  50.00  48.77  47.53
                """)
    }

    @Test func sampleDocumentsMarkHits() {
        let samples = SampleDocuments(
            texts: [0: "a  long\ttext\nof several lines that must be cut"],
            labelNames: [0: "zero", 1: "one", 2: "", 3: "three"], width: 20)
        let ranked = [0, 1].map { ($0, Scoring.ranking(scores.clf, row: $0, k: 5)) }
        let text = samples.text(ranked: ranked, truth: truth.labels)
        #expect(
            text == """
                a long text of seve…
                      zero
                    ✓ one
                      label 5
                    1 of its 2 labels found
                test document 1
                    ✓ label 2
                      three
                    1 of its 1 label found
                """)
    }

    @Test func samplesAreSpreadOverLabelledDocuments() {
        let truth = made(rows: 100, cols: 2, binary: true) { r, c in r % 2 == 0 && c == 0 ? 1 : nil }
        #expect(SampleDocuments.choose(truth: truth) == [0, 20, 40, 60, 80])
        #expect(SampleDocuments.choose(truth: CSRMatrix(cols: 2, rows: [[], [(1, 1)]], binary: true)) == [1])
        #expect(SampleDocuments.choose(truth: CSRMatrix(cols: 2, rows: [[], []], binary: true)).isEmpty)
    }

    @Test func writtenFilesAreListedWithTheirSize() throws {
        let path = NSTemporaryDirectory() + "report-\(UUID().uuidString)"
        try Data(count: 3 << 20).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(ClosingReport.files([path, "/nowhere/x"]) == "Written\n  \(path) (3.0 MiB)\n  /nowhere/x")
    }

    @Test(arguments: [
        (0.0, "0.00 s"), (9.994, "9.99 s"), (9.996, "10.0 s"), (99.94, "99.9 s"), (120, "2.0 min"), (5990, "99.8 min"),
        (7200, "2.00 h"),
    ])
    func secondsAsAPersonSaysThem(seconds: Double, text: String) { #expect(Quantity.seconds(seconds) == text) }

    @Test(arguments: [(0, "0 KiB"), (12_000, "12 KiB"), (1 << 20, "1.0 MiB"), (512 << 20, "512 MiB"), (1536 << 20, "1.50 GiB")])
    func bytesAsAPersonSaysThem(bytes: Int, text: String) { #expect(Quantity.bytes(bytes) == text) }

    @Test func countsHaveThousands() {
        #expect([0, 999, 1000, 13114, -1_234_567].map(Quantity.count) == ["0", "999", "1,000", "13,114", "-1,234,567"])
    }
}
