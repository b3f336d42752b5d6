import Checkpoint
import Config
import Datasets
import Formats
import Foundation
import Scoring
import Support

/// Writes what a run found: per learner and for the ensemble.
struct ResultFiles {
    let options: TrainOptions
    let data: XCDataset
    let truth: GroundTruth
    let team: ThreadTeam
    private(set) var written: [String] = []
    /// Only JSON lines have them.
    private let labelNames: [String]

    init(options: TrainOptions, data: XCDataset, team: ThreadTeam) {
        self.options = options
        self.data = data
        self.team = team
        labelNames = options.predictions.contains(.jsonl) ? TextLines.all(in: "\(options.datasetFolder)/labels.txt") : []
        let global = options.config.global
        truth = GroundTruth(
            labels: data.testLabels,
            inversePropensity: Propensity.inverse(
                labelCounts: data.labelCounts.array, documents: data.trainRowsInFile, A: global.A, B: global.B),
            filter: data.testFilter)
    }

    func evaluate(_ learner: LearnerResult) -> LearnerEvaluation {
        LearnerEvaluation(scores: learner.scores, truth: truth, beta: options.config.global.beta, team: team)
    }

    /// The learner's scores at the config's β.
    func scores(_ learner: LearnerResult) -> CSRMatrix {
        learner.scores.combined(beta: options.config.global.beta, team: team)
    }

    mutating func write(_ learner: LearnerResult, _ evaluation: LearnerEvaluation) throws {
        let folder = options.resultFolder(seed: learner.seed)
        try text(EvaluationLog.learner(evaluation), to: "\(folder)/log_eval.txt")
        try matrices(scores(learner), options.predictions, in: folder)
    }

    /// Writes the forms of scores that an earlier run, which trained this learner, did not write.
    mutating func complete(_ learner: LearnerResult) throws {
        let folder = options.resultFolder(seed: learner.seed)
        let missing = options.predictions.filter { !FileManager.default.fileExists(atPath: "\(folder)/\($0.fileName)") }
        if !missing.isEmpty { try matrices(scores(learner), missing, in: folder) }
    }

    mutating func write(ensemble: CSRMatrix, log: String, report: MetricsReport) throws {
        let folder = options.resultFolder
        try text(log, to: "\(folder)/log_eval.txt")
        try matrices(ensemble, options.predictions, in: folder)
        try text(try report.json(), to: "\(folder)/metrics.json")
    }

    private mutating func text(_ text: String, to path: String) throws {
        try AtomicFile.write(path, text.utf8)
        written.append(path)
    }

    private mutating func matrices(_ scores: CSRMatrix, _ formats: [PredictionFormat], in folder: String) throws {
        guard options.config.global.savePredictions, !formats.isEmpty else { return }
        let kept = Scoring.topK(scores, options.config.global.saveTopK ?? options.config.global.topK, team: team)
        try makeFolder(folder)
        for format in formats {
            let path = "\(folder)/\(format.fileName)"
            try PredictionFile.write(kept, format, names: labelNames, to: path)
            written.append(path)
        }
    }
}
