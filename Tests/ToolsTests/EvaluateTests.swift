import Checkpoint
import Coordinator
import Datasets
import Formats
import Foundation
import Reports
import Scoring
import Support
import Testing
import Tools

@Suite struct EvaluateTests {
    let folder: String
    /// 30 documents, 12 labels; some documents have none, some labels no training document.
    let scores: LearnerScores
    let truth: GroundTruth
    let counts: [Int32]

    init() throws {
        folder = NSTemporaryDirectory() + "evaluate-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func matrix(_ salt: Int, keep: Int) -> CSRMatrix {
            let rows = (0..<30).map { r in
                (0..<12).compactMap { c -> (Int32, Float)? in
                    let draw = (r * 131 + c * 71 + salt * 37 + r * c) % 97
                    return draw % 5 < keep ? (Int32(c), Float(draw - 50) / 16) : nil
                }
            }
            return CSRMatrix(cols: 12, rows: rows)
        }
        scores = LearnerScores(clf: matrix(1, keep: 3), knn: matrix(2, keep: 3), reranker: matrix(3, keep: 2))
        let labels = (0..<30).map { r in r % 7 == 0 ? [] : [r % 12, (r * r + 1) % 12].sorted() }
        let train = (0..<40).map { r in [r * r % 9] + (r % 3 == 0 ? [9] : []) }
        func text(_ rows: [[Int]]) -> String {
            "\(rows.count) 12\n" + rows.map { row in Set(row).sorted().map { "\($0):1" }.joined(separator: " ") + "\n" }.joined()
        }
        try text(labels).write(toFile: folder + "/tst.txt", atomically: true, encoding: .utf8)
        try text(train).write(toFile: folder + "/trn.txt", atomically: true, encoding: .utf8)
        try "1 1\n2 5\n".write(toFile: folder + "/filter.txt", atomically: true, encoding: .utf8)
        counts = (0..<12).map { label in Int32(train.count { $0.contains(label) }) }
        truth = GroundTruth(
            labels: try MatrixFile.read(path: folder + "/tst.txt", kind: .labels, threads: 1),
            inversePropensity: Propensity.inverse(labelCounts: counts, documents: 40, A: 0.55, B: 1.5))
        try ScoreFile.write(
            parts: ["clf": scores.clf, "knn": scores.knn, "reranker": scores.reranker ?? scores.clf], to: folder + "/p.h5")
        for format in PredictionFormat.allCases {
            try PredictionFile.write(scores.combined(beta: 0.4), format, to: "\(folder)/\(format.fileName)")
        }
    }

    private func options(_ name: String, train: Bool = true) -> EvaluateOptions {
        var options = EvaluateOptions(predictions: "\(folder)/\(name)", labels: folder + "/tst.txt", threads: 2)
        if train { options.trainLabels = folder + "/trn.txt" }
        return options
    }

    private func done() { try? FileManager.default.removeItem(atPath: folder) }

    @Test("where no document has a label, no figure is given") func nothingToMeasure() throws {
        defer { done() }
        try ("30 12\n" + String(repeating: "\n", count: 30)).write(toFile: folder + "/tst.txt", atomically: true, encoding: .utf8)
        let evaluation = try Evaluation(options("score.npz"))
        #expect(evaluation.documents == 0 && evaluation.text.contains("nothing to measure") && !evaluation.text.contains("0.00"))
    }

    @Test("scores in place of labels are told") func swapped() throws {
        defer { done() }
        try "2 12\n1:0.5 3:1\n4:1\n".write(toFile: folder + "/scores.txt", atomically: true, encoding: .utf8)
        try "2 12\n1:1\n4:1.0\n".write(toFile: folder + "/labels.txt", atomically: true, encoding: .utf8)
        func notices(_ predictions: String, _ labels: String) throws -> [String] {
            try Evaluation(EvaluateOptions(predictions: "\(folder)/\(predictions)", labels: "\(folder)/\(labels)")).notices
        }
        #expect(try notices("scores.txt", "labels.txt").isEmpty)
        #expect(try notices("labels.txt", "scores.txt").contains { $0.contains("1:0.5") })
    }

    @Test("other numbers of labels are told, and the figures stay") func widths() throws {
        defer { done() }
        let plain = try Evaluation(options("score.npz"))
        #expect(plain.notices.isEmpty)
        let text = try String(contentsOfFile: folder + "/tst.txt", encoding: .utf8)
        try text.replacingOccurrences(of: "30 12", with: "30 14").write(
            toFile: folder + "/tst.txt", atomically: true, encoding: .utf8)
        let wider = try Evaluation(options("score.npz"))
        #expect(wider.notices.count == 1 && wider.notices[0].contains("tst.txt 14") && wider.metrics.P == plain.metrics.P)
    }

    @Test func everyFormatGivesTheRunsFigures() throws {
        defer { done() }
        let table = truth.evaluate(scores.combined(beta: 0.4)).rounded()
        for format in PredictionFormat.allCases {
            let evaluation = try Evaluation(options(format.fileName))
            let m = evaluation.metrics
            #expect(m.P == table.P && m.nDCG == table.nDCG && m.PSP == table.PSP && m.PSnDCG == table.PSnDCG && m.R == table.R)
            #expect(evaluation.byBeta == nil && evaluation.documents == 25 && evaluation.labels == 12)
        }
        #expect(table.P[0] > 0 && table.PSP[4] > 0)
    }

    @Test func aLearnerByBeta() throws {
        defer { done() }
        var options = options("p.h5")
        options.betas = [0.4, 0.125]
        let evaluation = try Evaluation(options)
        let expected = LearnerEvaluation(scores: scores, truth: truth, beta: 0.4)
        #expect(evaluation.beta == 0.4 && evaluation.metrics.P == expected.metrics.rounded().P)
        #expect(evaluation.byBeta?.keys.sorted() == ["0.125", "0.40"])
        #expect(evaluation.byBeta?["0.40"]?.nDCG == expected.byBeta["0.40"]?.rounded().nDCG)
        #expect(evaluation.byBetaBeforeReranker?["0.40"]?.P == expected.byBetaBeforeReranker?["0.40"]?.rounded().P)
        #expect(evaluation.stages?.mapValues(\.R) == expected.stages.mapValues { $0.rounded().R })
        let json = try JSONSerialization.jsonObject(with: Data(try evaluation.json().utf8)) as? [String: Any]
        let keys = [
            "beta", "by_beta", "by_beta_before_reranker", "documents", "intervals", "label_metrics", "labels", "metrics",
            "segments", "stages",
        ]
        #expect(json?.keys.sorted() == keys)
    }

    @Test func labelsAtOrAboveAThreshold() throws {
        defer { done() }
        var options = options("score.npz")
        options.threshold = 0.7
        let evaluation = try Evaluation(options), wanted = truth.evaluate(scores.combined(beta: 0.4), threshold: 0.7).rounded()
        #expect(evaluation.atThreshold == wanted && wanted.metrics.microF1 > 0 && wanted.labelsPerDocument > 0)
        #expect(evaluation.text.contains("at or above 0.7") && evaluation.notices.isEmpty)
        #expect(try evaluation.json().contains("\"at_threshold\""))
        // Of the best label alone, the mean over documents is the share of hits.
        #expect(evaluation.labelMetrics.microP[0] > 0 && evaluation.labelMetrics.microP[0] < evaluation.metrics.P[0])
        options.threshold = 1.5
        #expect(try Evaluation(options).notices.contains { $0.contains("no score reaches --threshold 1.5: the largest is") })
        options.threshold = .nan
        #expect(try #require(throws: Failure.self) { try Evaluation(options) }.place == "--threshold")
        // A learner's stages are combined at the first β.
        var learner = self.options("p.h5")
        (learner.betas, learner.threshold) = ([0.4], 0.7)
        #expect(try Evaluation(learner).atThreshold == wanted)
        // Macro means are over the labels that count alone.
        try "1\n4\n9\n".write(toFile: folder + "/some.txt", atomically: true, encoding: .utf8)
        options = self.options("score.npz")
        options.among = folder + "/some.txt"
        let few = try Evaluation(options).labelMetrics
        #expect(few.macroF1[4] > 0 && few.coverage[4] > 0)
        let part = GroundTruth(
            labels: try ColumnSelection(MappedFile(path: folder + "/some.txt"), cols: 12, what: "label").masking(truth.labels),
            inversePropensity: truth.inversePropensity, countedLabels: 3)
        var sums = DetailedAccumulator(part)
        sums.add(
            try ColumnSelection(MappedFile(path: folder + "/some.txt"), cols: 12, what: "label").masking(
                scores.combined(beta: 0.4)))
        #expect(few == sums.labelMetrics.rounded())
    }

    @Test func intervalsHoldTheFigures() throws {
        defer { done() }
        let evaluation = try Evaluation(options("score.npz")), intervals = evaluation.intervals
        for (values, ranges) in [(evaluation.metrics.P, intervals.P), (evaluation.metrics.nDCG, intervals.nDCG)] {
            #expect(zip(values, ranges).allSatisfy { $1[0] <= $0 && $0 <= $1[1] } && ranges.count == 5)
        }
        #expect(intervals.PSP.count == 5 && intervals.P[0][0] < intervals.P[0][1])
        #expect(try Evaluation(options("score.npz", train: false)).intervals.PSP.isEmpty)
    }

    @Test func aPageOfPredictions() throws {
        defer { done() }
        try (0..<12).map { "name <\($0)>\n" }.joined().write(toFile: folder + "/labels.txt", atomically: true, encoding: .utf8)
        var options = options("p.h5")
        options.keepsDocuments = true
        let evaluation = try Evaluation(options), content = evaluation.report(options), html = ReportPage(content).html
        #expect(content.documents.count == 10 && content.curves.count == 2 && content.stages.count == 3)
        #expect(html.contains("Evaluation of p.h5") && html.contains("name &lt;3&gt;"))
        #expect(html.contains("data-metric='PSP@5' data-value='\(evaluation.metrics.PSP?[4] ?? -1)'"))
        options.trainLabels = nil
        let bare = ReportPage(try Evaluation(options).report(options)).html
        #expect(bare.contains("need --train-labels") && !bare.contains("PSP@5"))
    }

    @Test func segmentsAddUp() throws {
        defer { done() }
        let evaluation = try Evaluation(options("score.npz"))
        let segments = try #require(evaluation.segments)
        #expect(segments.values.reduce(0) { $0 + $1.labels } == 12)
        for k in 0..<5 {
            #expect(abs(segments.values.reduce(0) { $0 + $1.P[k] } - evaluation.metrics.P[k]) < 2e-4)
            #expect(abs(segments.values.reduce(0) { $0 + $1.R[k] } - evaluation.metrics.R[k]) < 2e-4)
        }
        #expect(evaluation.text.contains("head") && evaluation.text.contains("PSnDCG"))
    }

    @Test func theFilterRemovesPredictions() throws {
        defer { done() }
        var options = options("score.txt")
        options.filter = folder + "/filter.txt"
        let filter = try LabelFilter.read(MappedFile(path: folder + "/filter.txt"), documents: 30, labels: 12)
        let filtered = GroundTruth(labels: truth.labels, inversePropensity: truth.inversePropensity, filter: filter)
        let table = filtered.evaluate(scores.combined(beta: 0.4)).rounded()
        #expect(try Evaluation(options).metrics.P == table.P)
        // Nor are they shown as predictions.
        try (0..<30).map { "\($0) 1\n" }.joined().write(toFile: folder + "/filter.txt", atomically: true, encoding: .utf8)
        options.keepsDocuments = true
        let documents = try Evaluation(options).report(options).documents
        #expect(!documents.isEmpty && !documents.contains { $0.predicted.contains { $0.id == 1 } })
    }

    /// Labels 1, 4 and 9: ranked among themselves, as if there were no others, and among all.
    @Test func someLabelsAlone() throws {
        defer { done() }
        try "4\n1\n9\n".write(toFile: folder + "/some.txt", atomically: true, encoding: .utf8)
        func only(_ matrix: CSRMatrix) -> CSRMatrix {
            CSRMatrix(
                cols: 12,
                rows: (0..<matrix.rows).map { row in
                    matrix.range(row).filter { [1, 4, 9].contains(matrix.indices[$0]) }.map {
                        (matrix.indices[$0], matrix.values?[$0] ?? 1)
                    }
                })
        }
        let few = GroundTruth(labels: only(truth.labels), inversePropensity: truth.inversePropensity)
        for (name, beta) in [("score.npz", nil), ("p.h5", 0.4)] as [(String, Double?)] {
            var options = options(name)
            options.among = folder + "/some.txt"
            if let beta { options.betas = [beta] }
            let evaluation = try Evaluation(options), whole = scores.combined(beta: 0.4)
            let split = LearnerScores(clf: only(scores.clf), knn: only(scores.knn), reranker: scores.reranker.map(only))
            let ranked = beta == nil ? only(whole) : split.combined(beta: 0.4)
            #expect(evaluation.metrics.P == few.evaluate(ranked).rounded().P && evaluation.labels == 3)
            #expect(evaluation.amongAll?.P == few.evaluate(whole).rounded().P)
            #expect(evaluation.metrics.P[0] > evaluation.amongAll?.P[0] ?? 100)
            #expect(evaluation.documents == (0..<30).count { !few.labels.range($0).isEmpty })
            #expect(evaluation.text.contains("ranked among all labels"))
        }
    }

    @Test func withoutTrainingLabels() throws {
        defer { done() }
        let evaluation = try Evaluation(options("score.h5", train: false))
        #expect(evaluation.metrics.PSP == nil && evaluation.segments == nil)
        #expect(evaluation.metrics.P == truth.evaluate(scores.combined(beta: 0.4)).rounded().P)
        #expect(evaluation.text.contains("need --train-labels"))
    }

    @Test func refused() throws {
        defer { done() }
        func failure(_ predictions: String, _ change: (inout EvaluateOptions) -> Void = { _ in }) throws -> Failure {
            try predictions.write(toFile: folder + "/bad", atomically: true, encoding: .utf8)
            var options = options("bad")
            change(&options)
            return try #require(throws: Failure.self) { try Evaluation(options) }
        }
        let rows = try failure("1:1\n2:1\n")
        #expect(rows.found == "2 documents" && rows.expected.hasPrefix("30"))
        let label = try failure(String(repeating: "0:1\n", count: 29) + "12:1\n")
        #expect(label.found == "label 12" && label.expected.hasPrefix("0…11"))
        #expect(try failure("") { $0.labels = folder + "/none.txt" }.problem == "file not found")
        #expect(try failure("") { $0.A = -.infinity }.place == "--A, --B")
        for bad in ["", "2", "-0.1", "0.3,0.3", "x", "0.3,", "nan"] {
            #expect(throws: Failure.self) { try EvaluateOptions.betas(bad) }
        }
        #expect(try EvaluateOptions.betas("0,.5,1") == [0, 0.5, 1])
        try ScoreFile.write(parts: ["clf": scores.clf], to: folder + "/half.h5")
        let half = try #require(throws: Failure.self) { try PredictionFile.read(folder + "/half.h5") }
        #expect(half.problem == "not a learner's predictions")
    }
}
