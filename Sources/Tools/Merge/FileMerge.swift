import Coordinator
import Foundation
import Datasets
import Scoring
import Support

/// An ensemble of any learners' scores of the same documents: ours of any framework, or another program's score files.
public struct FileMerge: Sendable {
    /// What makes the scores of unlike learners comparable before they are summed.
    public enum Normalisation: String, CaseIterable, Sendable {
        /// `max` for a file whose scores all lie in 0 … 1, else `sigmoid`.
        case auto
        /// Each score divided by its document's largest.
        case max
        /// The logistic function of each score (a logit), divided by its document's largest.
        case sigmoid
        /// The scores as they are.
        case none
    }

    /// Score files, or folders of a learner's results, one a learner.
    public var inputs: [String]
    /// One a learner; nil: all 1.
    public var weights: [Double]?
    public var normalisation = Normalisation.auto
    /// Scores of validation documents, one file a learner in the order of `inputs`, and these documents' labels: the weights
    /// are chosen on them.
    public var tuning: Tuning?
    /// Predictions kept a document.
    public var topK = 100
    public var threads = 1

    public struct Tuning: Sendable {
        public var inputs: [String]
        public var labels: String
        public var metric: RankingMetric

        public init(inputs: [String], labels: String, metric: RankingMetric) {
            self.inputs = inputs
            self.labels = labels
            self.metric = metric
        }
    }

    public init(inputs: [String]) { self.inputs = inputs }

    /// What a merge found: the ensemble's scores, the weight of each learner, and lines for the person.
    public struct Result: Sendable {
        public var scores: CSRMatrix
        public var weights: [Double]
        public var notices: [String]
    }

    /// Reads, chooses weights where asked, and sums in the order of the inputs.
    ///
    /// - Throws: `Failure` where a file is damaged, files are of different documents, or weights and files don't match.
    public func run() throws -> Result {
        try check()
        let team = ThreadTeam(size: Swift.max(1, threads))
        defer { team.stop() }
        var notices: [String] = []
        var weights = self.weights ?? inputs.map { _ in 1 }
        if let tuning {
            let validation = try read(tuning.inputs, team: team).scores
            let labels = try EvaluationInputs.labels(tuning.labels, threads)
            let width = Swift.max(labels.cols, validation[0].cols)
            try EvaluationInputs.checkWidth(
                width, entries: validation.reduce(labels.nonZeros) { $0 + $1.nonZeros }, at: tuning.inputs[0])
            let truth = GroundTruth(
                labels: labels.widened(to: width), inversePropensity: [Double](repeating: 1, count: width))
            guard labels.rows == validation[0].rows else {
                throw Self.otherDocuments(tuning.inputs[0], validation[0].rows, tuning.labels, labels.rows)
            }
            guard truth.labelledDocuments > 0 else {
                throw Failure(
                    .usage, "no validation document has a label", at: tuning.labels, found: "\(labels.rows) documents",
                    expected: "labels to choose the weights by", advice: "check the file of --validation-labels")
            }
            let search = WeightSearch(
                scores: validation.map { $0.widened(to: width) }, truth: truth, metric: tuning.metric, team: team)
            let found = ProgressScope.stage("choosing weights", of: nil, "trials") { search.run(from: weights, $0) }
            weights = found.weights
            notices.append(
                "weights chosen on \(Quantity.count(labels.rows)) validation documents: \(tuning.metric) "
                    + "\(Quantity.percent(found.value)), with \(self.weights == nil ? "equal" : "the given") weights "
                    + Quantity.percent(found.start))
        }
        let (all, read) = try self.read(inputs, team: team)
        notices = read + notices
        let scores = ProgressScope.stage("summing scores") { _ in
            Scoring.topK(Scoring.weightedSum(all, weights: weights.map(Float.init), team: team), topK, team: team)
        }
        return Result(scores: scores, weights: weights, notices: notices)
    }

    private func check() throws {
        guard inputs.count >= 2 else {
            throw Failure(
                .usage, "an ensemble of fewer than two learners", at: inputs.first ?? "merge", found: "\(inputs.count)",
                expected: "two or more score files, or folders of results")
        }
        for (flag, count) in [("--weights", weights?.count), ("--validation", tuning?.inputs.count)] {
            guard let count, count != inputs.count else { continue }
            throw Failure(
                .usage, "\(flag) does not fit the learners", at: flag, found: "\(count) values",
                expected: "\(inputs.count), one for each learner in the same order")
        }
        guard let weights, !weights.allSatisfy({ Float($0).isFinite && $0 >= 0 }) || weights.allSatisfy({ $0 == 0 }) else {
            return
        }
        throw Failure(
            .usage, "weights that make no ensemble", at: "--weights", found: weights.map { "\($0)" }.joined(separator: ","),
            expected: "numbers from 0, not all of them 0")
    }

    /// The scores of each file, made comparable, all of one number of labels.
    private func read(_ paths: [String], team: ThreadTeam) throws -> (scores: [CSRMatrix], notices: [String]) {
        var scores: [CSRMatrix] = [], notices: [String] = [], widths: [(String, Int)] = []
        for path in paths {
            let file = try Self.scoreFile(path)
            let raw: CSRMatrix
            switch try PredictionFile.read(file, documents: scores.first?.rows) {
            case .scores(let matrix): raw = matrix
            case .learner:
                throw Failure(
                    .usage, "a learner's stages, which are not combined yet", at: file, found: "predictions.h5",
                    expected: "a score file (score.npz, score.h5, …) or a folder of results that has one",
                    advice: "train and predict write score.npz beside it")
            }
            if let first = scores.first, raw.rows != first.rows {
                throw Self.otherDocuments(file, raw.rows, paths[0], first.rows)
            }
            if PredictionFile.saysLabels(file) { widths.append((file, raw.cols)) }
            let isProbability =
                raw.values.map { values in (0..<values.count).allSatisfy { (0...1).contains(values[$0]) } } ?? true
            let method = normalisation == .auto ? (isProbability ? Normalisation.max : .sigmoid) : normalisation
            if normalisation == .auto, method == .sigmoid { notices.append("\(file): scores outside 0…1 are taken for logits") }
            scores.append(method.apply(raw, team: team))
        }
        let width = scores.map(\.cols).max() ?? 0
        if let notice = LabelWidths.notice(widths) { notices.append(notice) }
        return (scores.map { $0.widened(to: width) }, notices)
    }

    /// The score file that a path names: itself, or the first of a folder of results.
    static func scoreFile(_ path: String) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return path }
        let names = ["score.npz", "score.h5", "score.txt", "score.jsonl"]
        if let name = names.first(where: { FileManager.default.fileExists(atPath: "\(path)/\($0)") }) { return "\(path)/\(name)" }
        throw Failure(
            .usage, "a folder without scores", at: path, found: "none of \(names.joined(separator: ", "))",
            expected: "a folder results/…/v_<version>_<seed> of a learner that is trained",
            advice: "train with --predictions npz, or name a score file")
    }

    private static func otherDocuments(_ path: String, _ rows: Int, _ other: String, _ expected: Int) -> Failure {
        Failure(
            .usage, "scores of other documents", at: path, found: "\(rows) documents", expected: "\(expected), as \(other) has",
            advice: "merge predictions of the same documents, in the same order")
    }
}

extension FileMerge.Normalisation {
    fileprivate func apply(_ scores: CSRMatrix, team: ThreadTeam) -> CSRMatrix {
        switch self {
        case .auto, .none: scores
        case .max: Scoring.shares(scores, team: team)
        case .sigmoid: Scoring.squashed(scores, team: team)
        }
    }
}
