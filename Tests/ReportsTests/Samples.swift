import Formats
import Foundation
import Messages
import Reports
import Scoring
import Support

/// Test documents of which learners know some labels.
struct SampleRun {
    static let noon = Date(timeIntervalSince1970: 1_795_608_000)

    /// 60 documents, 12 labels, and scores that find some of them.
    static func evaluation(_ salt: Int) -> LearnerEvaluation {
        func row(_ r: Int, _ salt: Int) -> [(Int32, Float)] {
            (0..<12).compactMap { c in
                let draw = (r * 131 + c * 71 + salt * 37 + r * c) % 97
                return draw % 3 > 0 ? (Int32(c), Float(draw - 40) / 16) : nil
            }
        }
        let labels = (0..<60).map { r in Set([r % 12, (r * r + 1) % 12]).sorted().map { (Int32($0), Float(1)) } }
        let scores = LearnerScores(
            clf: CSRMatrix(cols: 12, rows: (0..<60).map { row($0, salt) }),
            knn: CSRMatrix(cols: 12, rows: (0..<60).map { row($0, salt + 1) }))
        let truth = GroundTruth(
            labels: CSRMatrix(cols: 12, rows: labels, binary: true), inversePropensity: (1...12).map(Double.init),
            segments: LabelSegments(labelCounts: (0..<12).map { Int32(40 / ($0 + 1)) }))
        return LearnerEvaluation(scores: scores, truth: truth, beta: 0.3)
    }

    static func metrics(seeds: [Int]) -> MetricsReport {
        MetricsReport(
            run: RunIdentity(framework: "DeepXML", arch: "Astec", dataset: "Small<&>", version: "0"),
            layout: RunLayout(ranks: 3, workers: 2, groups: 1), wallSeconds: 12, peakRSSMiB: [50, 210, 0],
            commSeconds: [0, 1, 2],
            data: .init(train: 20, test: 60, features: 9, labels: 12, fingerprint: "ab12"),
            learners: seeds.map { .init(seed: $0, evaluation: evaluation($0), seconds: ["extreme": 3.5, "predict": 0.25]) },
            ensemble: evaluation(99).metrics, config: .sorted(["global": .sorted(["beta": .number(0.3), "top_k": .integer(50)])]))
    }

    static func record(seeds: [Int]) -> RunRecord {
        RunRecord(
            finished: noon, learners: seeds.map { .init(seed: $0, details: evaluation($0).details) },
            ensemble: evaluation(99).details,
            config: [ConfigDifference(key: "global.top_k", value: .integer(50), standard: .integer(100))],
            documents: [
                DocumentRecord(
                    document: 7, text: "a text with <b>, & and \"quotes\"",
                    labels: [
                        .init(id: 3, name: "<script>alert(1)</script>", isHit: true), .init(id: 4, name: nil, isHit: false),
                    ],
                    labelCount: 3, predicted: [.init(id: 3, name: "<script>alert(1)</script>", score: 1.25, isHit: true)])
            ])
    }

    /// Two jobs: the first is killed in epoch 3, after a checkpoint of epoch 2's end.
    static func events(_ learner: Int) -> [TrainingEvent] {
        func epoch(_ number: Int, _ loss: Double, documents: Int = 20) -> TrainingEvent {
            var progress = ProgressEvent(learner: learner, module: "extreme", epoch: number, epochs: 4, loss: loss)
            (progress.learningRate, progress.documents, progress.seconds) = (0.01 / Double(number), documents, 1.5)
            return TrainingEvent(progress, rank: 1, time: noon + Double(number))
        }
        func rank(_ rank: Int, _ seconds: Double) -> TrainingEvent {
            TrainingEvent(
                LearnerSummary(
                    seed: UInt64(learner), rank: rank, seconds: ["extreme": seconds, "predict": 1], waited: ["extreme": 0.5],
                    peakRSSMiB: 100 + seconds, commSeconds: 0.5), rank: rank, time: noon)
        }
        var start = TrainingEvent(.start, learner: learner, time: noon)
        (start.workers, start.plannedMiB, start.mappedMiB, start.plan) = (
            [1, 2], [60, 200, 190], 12, "Plan: 1 learner <to train>"
        )
        var resume = start
        resume.event = .resume
        return [
            start, epoch(1, 0.5), epoch(2, 0.25), rank(1, 2), resume, epoch(2, 0.125, documents: 4), epoch(3, 0.2), epoch(4, 0.1),
        ]
            + [rank(1, 3), rank(2, 4)]
    }

    /// A run's folder of results and its learners'; returns the ensemble's.
    static func write(into folder: String, seeds: [Int]) throws -> String {
        let ensemble = "\(folder)/v_0"
        try AtomicFile.write("\(ensemble)/metrics.json", metrics(seeds: seeds).json().utf8)
        try AtomicFile.write("\(ensemble)/report.json", record(seeds: seeds).json().utf8)
        for seed in seeds {
            let lines = events(seed).map { $0.line + "\n" }.joined()
            try AtomicFile.write("\(ensemble)_\(seed)/events.jsonl", lines.utf8)
        }
        return ensemble
    }
}
