import Checkpoint
import Config
import Datasets
import Formats
import Foundation
import Learners
import Reports
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

    init(options: TrainOptions, data: XCDataset, names: DatasetNames, team: ThreadTeam) {
        self.options = options
        self.data = data
        self.team = team
        let folders = [options.resultFolder] + options.seeds.map(options.resultFolder)
        let needsNames = folders.contains { Self.forms(options, in: $0).contains(.jsonl) }
        labelNames = needsNames ? names.labels.map(TextLines.all) ?? [] : []
        let global = options.config.global
        truth = GroundTruth(
            labels: data.testLabels, inversePropensity: data.inversePropensity(global), filter: data.testFilter,
            segments: LabelSegments(labelCounts: data.labelCountsInFile))
    }

    func evaluate(_ learner: LearnerResult) throws -> LearnerEvaluation {
        try LearnerEvaluation(parts: learner.scores, truth: truth, beta: beta(learner), team: team)
    }

    /// As tuned, or the config's.
    private func beta(_ learner: LearnerResult) -> Double { learner.beta ?? options.config.global.beta }

    /// The learner's scores at its β.
    private func scores(_ learner: LearnerResult) -> CombinedScores {
        learner.scores.combined(beta: beta(learner), team: team)
    }

    /// The sum of the learners' scores, in their order; weighted where there are weights.
    func ensemble(_ learners: [LearnerResult], weights: [Double]?) -> CombinedScores {
        CombinedScores.ensemble(learners.map(scores), weights: weights, team: team)
    }

    mutating func write(_ learner: LearnerResult, _ evaluation: LearnerEvaluation) throws {
        let folder = options.resultFolder(seed: learner.seed)
        try text(EvaluationLog.learner(evaluation), to: "\(folder)/log_eval.txt")
        let forms = Self.forms(options, in: folder)
        try write(spool(scores(learner), forms, in: folder) { _ in }, forms, in: folder)
    }

    /// The forms of scores that are asked for, and those that an earlier run left in the folder, which would be of other scores.
    private static func forms(_ options: TrainOptions, in folder: String) -> [PredictionFormat] {
        let others = PredictionFormat.allCases.filter { !options.predictions.contains($0) }
        return options.predictions + others.filter { isFile("\(folder)/\($0.fileName)") }
    }

    /// Measures the ensemble and writes its files.
    ///
    /// - Parameters:
    ///   - log, report: texts of the ensemble's metrics.
    ///   - record: what the report says beside them.
    mutating func write(
        ensemble: CombinedScores, log: (MetricTable) -> String, report: (MetricTable) -> MetricsReport,
        record: (ScoreDetails) -> RunRecord
    ) throws -> MetricTable {
        let folder = options.resultFolder
        var sums = DetailedAccumulator(truth, team: team)
        let forms = Self.forms(options, in: folder), kept = try spool(ensemble, forms, in: folder) { sums.add($0) }
        let metrics = sums.table
        try text(log(metrics), to: "\(folder)/log_eval.txt")
        try write(kept, forms, in: folder)
        var made = report(metrics)
        made.ensemble.labelMetrics = sums.labelMetrics
        try text(try made.json(), to: "\(folder)/metrics.json")
        try text(try record(sums.details).json(), to: "\(folder)/\(RunRecord.fileName)")
        try writePage()
        return metrics
    }

    /// The page of the run, from the files that it has written.
    private mutating func writePage() throws {
        try text(
            ReportPage(ReportContent(folder: options.resultFolder)).html, to: "\(options.resultFolder)/\(ReportPage.fileName)")
    }

    private mutating func text(_ text: String, to path: String) throws {
        try AtomicFile.write(path, text.utf8)
        written.append(path)
    }

    /// Goes through scores by blocks of documents, and keeps those that the files will hold.
    ///
    /// - Parameter measure: gets all scores of each block.
    /// - Returns: nil where no file is wanted.
    private func spool(
        _ scores: CombinedScores, _ formats: [PredictionFormat], in folder: String, measure: (CSRMatrix) -> Void
    ) throws -> SpooledMatrix? {
        let global = options.config.global, isWanted = global.savePredictions && !formats.isEmpty
        let kept = isWanted ? try SpooledMatrix(rows: scores.rows, cols: scores.cols, folder: folder) : nil
        for documents in RowBlock.ranges(scores.rows) {
            let block = try scores.block(documents)
            measure(block)
            let predictions = truth.predictions(of: block, documents, team: team)
            try kept?.append(Scoring.topK(predictions, global.saveTopK ?? global.topK, team: team))
        }
        return kept
    }

    private mutating func write(_ scores: SpooledMatrix?, _ formats: [PredictionFormat], in folder: String) throws {
        guard let scores else { return }
        for format in formats {
            let path = "\(folder)/\(format.fileName)"
            try PredictionFile.write(scores, format, names: labelNames, to: path)
            written.append(path)
        }
    }
}
