import Coordinator
import Formats
import Foundation
import Support

/// The files of an ensemble of score files: its scores, and metrics.json.
public struct MergedFiles {
    private let folder: String
    private let formats: [PredictionFormat]

    /// - Parameter formats: as `--predictions` has them.
    /// - Throws: `Failure(.usage)` for an unknown format.
    public init(folder: String, formats: String) throws {
        self.folder = folder
        self.formats = try PredictionFormat.list(formats, flag: "--predictions")
    }

    /// What was written, and the evaluation where there are labels.
    public struct Written {
        public var text: String
    }

    /// - Throws: `Failure` where we may not write, or the labels don't belong to the documents.
    public func write(_ result: FileMerge.Result, of merge: FileMerge, _ labels: String?, _ trainLabels: String?) throws
        -> Written
    {
        try makeFolder(folder)
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
        if let labels {
            let evaluation = try evaluate(result, merge, labels, trainLabels)
            parts.append(evaluation.text)
            members.append(
                .init("ensemble", try JSONValue.parse(Array(try evaluation.json().utf8), name: "metrics.json")))
        }
        let path = "\(folder)/metrics.json"
        try AtomicFile.write(path, (JSONValue.object(members).indentedText + "\n").utf8)
        written.append(path)
        parts.append(written.joined(separator: "\n"))
        return Written(text: parts.joined(separator: "\n\n"))
    }

    private func evaluate(
        _ result: FileMerge.Result, _ merge: FileMerge, _ labels: String, _ trainLabels: String?
    ) throws -> Evaluation {
        let scores = "\(folder)/\(PredictionFormat.npz.fileName)", isKept = formats.contains(.npz)
        if !isKept { try PredictionFile.write(result.scores, .npz, to: scores) }
        defer { if !isKept { try? FileManager.default.removeItem(atPath: scores) } }
        var options = EvaluateOptions(predictions: scores, labels: labels, threads: merge.threads)
        options.trainLabels = trainLabels
        return try Evaluation(options)
    }

    private func weightTable(_ result: FileMerge.Result, _ merge: FileMerge) -> String {
        let rows = zip(merge.inputs, result.weights).map { [$0, String(format: "%.3f", $1)] }
        return TextTable(header: ["learner", "weight"], rows: rows).text
    }
}
