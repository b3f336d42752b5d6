import Coordinator
import Formats
import Foundation
import Glibc
import Reports
import Support

/// The files of an ensemble of score files: its scores, and metrics.json.
public struct MergedFiles {
    private let folder: String
    private let formats: [PredictionFormat]
    /// Where the page of figures goes; nil: `report.html` in the folder. Only where there are labels.
    public var page: String?

    /// - Parameter formats: as `--predictions` has them.
    /// - Throws: `Failure(.usage)` for an unknown format.
    public init(folder: String, formats: String) throws {
        self.folder = folder
        self.formats = try PredictionFormat.list(formats, flag: "--predictions")
    }

    /// Tells before the work that the ensemble's files would take the place of what it is made of: of score files, or of a learner's or
    /// another run's results.
    ///
    /// - Parameter labels: files of labels that are read, too.
    /// - Throws: `Failure(.usage)`.
    public func checkKept(_ merge: FileMerge, labels: [String?]) throws {
        let scores = try (merge.inputs + (merge.tuning?.inputs ?? [])).map(FileMerge.scoreFile)
        let read = scores + labels + [merge.tuning?.labels]
        let names = PredictionFormat.allCases.map(\.fileName) + ["metrics.json", RunRecord.fileName, ReportPage.fileName]
        for name in names { try Support.checkKept(read, by: "\(folder)/\(name)", option: "--output") }
        try Support.checkKept(read, by: page, option: "--report")
        guard let found = ["log_eval.txt", "predictions.h5", EventFile.name].first(where: { isFile("\(folder)/\($0)") }) else {
            return
        }
        throw Failure(
            .usage, "results of a run are in the folder for the ensemble", at: "--output \(folder)", found: found,
            expected: "a folder of its own: its score files and metrics.json would be replaced", advice: "name another folder")
    }

    /// What was written, and the evaluation where there are labels.
    public struct Written {
        public var text: String
    }

    /// - Throws: `Failure` where we may not write, or the labels don't belong to the documents.
    public func write(_ result: FileMerge.Result, of merge: FileMerge, _ labels: String?, _ trainLabels: String?) throws
        -> Written
    {
        // First of all, so that labels of other documents leave everything as it was.
        let evaluation = try labels.map { try evaluate(result, merge, $0, trainLabels) }
        try makeFolder(folder)
        try removeOthers(hasLabels: labels != nil)
        var written: [String] = []
        for format in formats {
            let path = "\(folder)/\(format.fileName)"
            try PredictionFile.write(result.scores, format, to: path)
            written.append(path)
        }
        var parts = [weightTable(result, merge)]
        var members: [JSONValue.Member] = [
            .init("schema", .number(1)),
            .init("learners", .array(merge.inputs.map(JSONValue.string))),
            .init("weights", .array(result.weights.map(JSONValue.number))),
            .init("normalise", .string(merge.normalisation.rawValue)),
        ]
        if let labels, let evaluation {
            parts.append(evaluation.text)
            let page = self.page ?? "\(folder)/\(ReportPage.fileName)"
            let content = try report(evaluation, result, merge, labels, trainLabels)
            try ReportPage(content).write(to: page)
            written.append(page)
            try AtomicFile.write("\(folder)/\(RunRecord.fileName)", content.json().utf8)
            written.append("\(folder)/\(RunRecord.fileName)")
            members.append(
                .init("ensemble", try JSONValue.parse(Array(try evaluation.json().utf8), name: "metrics.json")))
        }
        let path = "\(folder)/metrics.json"
        try AtomicFile.write(path, (JSONValue.object(members).indentedText + "\n").utf8)
        written.append(path)
        parts.append(written.joined(separator: "\n"))
        return Written(text: parts.joined(separator: "\n\n"))
    }

    /// An earlier merge into the folder may have left files of another ensemble that are not written now.
    private func removeOthers(hasLabels: Bool) throws {
        guard isFile("\(folder)/metrics.json") else { return }
        let scores = PredictionFormat.allCases.filter { !formats.contains($0) }.map(\.fileName)
        let pages = (hasLabels ? [] : [RunRecord.fileName]) + (hasLabels && page == nil ? [] : [ReportPage.fileName])
        for name in scores + pages where unlink("\(folder)/\(name)") != 0 && errno != ENOENT {
            throw Failure.system(errno, "the file of another ensemble cannot be removed", "\(folder)/\(name)")
        }
    }

    private func evaluate(
        _ result: FileMerge.Result, _ merge: FileMerge, _ labels: String, _ trainLabels: String?
    ) throws -> Evaluation {
        // A copy beside nothing of the person's: the formats asked for may leave out npz.
        let own = FileManager.default.temporaryDirectory.appendingPathComponent("deepxml-merge-\(UUID().uuidString)").path
        let scores = "\(own)/\(PredictionFormat.npz.fileName)"
        try makeFolder(own)
        defer { try? FileManager.default.removeItem(atPath: own) }
        try PredictionFile.write(result.scores, .npz, to: scores)
        var options = EvaluateOptions(predictions: scores, labels: labels, threads: merge.threads)
        (options.trainLabels, options.keepsDocuments) = (trainLabels, true)
        do { return try Evaluation(options) } catch var failure as Failure where failure.place == scores {
            failure.place = "--labels \(labels)"
            throw failure
        }
    }

    /// The ensemble beside the learners that it is made of.
    private func report(
        _ ensemble: Evaluation, _ result: FileMerge.Result, _ merge: FileMerge, _ labels: String, _ trainLabels: String?
    ) throws -> ReportContent {
        var options = EvaluateOptions(predictions: folder, labels: labels, threads: merge.threads)
        options.trainLabels = trainLabels
        var content = ensemble.report(options)
        content.title = "Ensemble of \(Quantity.plural(merge.inputs.count, "learner"))"
        content.facts.append(.init("made comparable by", merge.normalisation.rawValue))
        content.systems =
            try zip(merge.inputs, result.weights).map { input, weight in
                options.predictions = try FileMerge.scoreFile(input)
                return try Evaluation(options).system("\(input), weight \(String(format: "%.3g", weight))")
            } + [ensemble.system("ensemble")]
        return content
    }

    private func weightTable(_ result: FileMerge.Result, _ merge: FileMerge) -> String {
        let rows = zip(merge.inputs, result.weights).map { [$0, String(format: "%.3f", $1)] }
        return TextTable(header: ["learner", "weight"], rows: rows).text
    }
}
