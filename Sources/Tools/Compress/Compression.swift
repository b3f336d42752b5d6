import Checkpoint
import Datasets
import Devices
import Formats
import Foundation
import Inference
import Learners
import Support

/// `compress`: a smaller model of a trained learner, in a folder that predicts like any other.
public struct Compression: Sendable {
    /// A learner's folder.
    public var model: String
    /// The folder to make.
    public var output: String
    public var layout: ServingLayout
    public var threads = 1
    /// Test documents to measure both models with; nil: none.
    public var trial: CompressionTrial?

    public init(model: String, output: String, layout: ServingLayout) {
        (self.model, self.output, self.layout) = (model, output, layout)
    }

    /// Makes the folder and measures both models.
    ///
    /// - Throws: `Failure` where the model is damaged, an ensemble or compressed already, the folder has files, or the disk is full; of a
    ///   folder that is not complete nothing is left.
    public func run() throws -> CompressionReport {
        try check()
        let model = try ModelChoice.learner(self.model), team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        if let compression = model.compression {
            throw Failure(
                .usage, "the model is compressed already", at: self.model, found: compression, expected: "a model as trained",
                advice: "compress the model that it was made of")
        }
        // Wrong test files should be told before the work is done.
        let documents = try trial.flatMap { try $0.documents(of: model, threads: threads) }
        let isNew = !isFolder(output)
        do {
            try ProgressScope.stage("writing the compressed model") { _ in try write(model, team) }
        } catch {
            removeWritten(isNew: isNew)
            throw error
        }
        var report = CompressionReport(layout: layout, output: output)
        report.bytes = (try bytes(of: model), try Self.bytes(below: output))
        report.lacksLabels = trial != nil && documents == nil
        if let documents {
            let small = try TrainedModel.open(folder: output)
            report.metrics = (
                try documents.metrics(of: model, threads: threads), try documents.metrics(of: small, threads: threads)
            )
        }
        return report
    }

    /// Name of the data set that the model was trained on.
    ///
    /// - Throws: `Failure` where the model cannot be opened, or is an ensemble.
    public func datasetName() throws -> String { try ModelChoice.learner(model).description.dataset }

    private func check() throws {
        guard (0..<1).contains(layout.pruned) else {
            throw Failure(
                .usage, "no share of weights", at: "--prune \(layout.pruned)", found: "\(layout.pruned)",
                expected: "a number from 0 to 1, without 1", advice: "for example --prune 0.3: three of ten weights are left out")
        }
        guard layout.weights != nil || layout.pruned > 0 else {
            throw Failure(
                .usage, "nothing is asked for that makes a model smaller", at: "compress",
                found: "neither --precision nor --prune",
                expected: "one of them, or both", advice: "for example --precision bfloat16")
        }
        let found = namesInFolder(output)
        var status = stat()
        guard found.isEmpty, isFolder(output) || lstat(output, &status) != 0 else {
            throw Failure(
                .usage, "there is something at the folder to make", at: output,
                found: found.isEmpty ? "a file, device, pipe or link" : found.prefix(4).joined(separator: ", "),
                expected: "a name that is not taken, or an empty folder", advice: "name another folder, or empty this one")
        }
    }

    /// Takes back what was written into a folder that was not there, or was empty.
    private func removeWritten(isNew: Bool) {
        let written = isNew ? [output] : namesInFolder(output).map { "\(output)/\($0)" }
        for path in written { try? FileManager.default.removeItem(atPath: path) }
    }

    private func write(_ model: TrainedModel, _ team: ThreadTeam) throws {
        try makeFolder(output)
        let beside = model.description.files + [TrainedModel.Files.labelIds, TrainedModel.Files.featureIndices]
        for name in Set(beside) where isFile("\(model.folder)/\(name)") {
            try FileManager.default.copyItem(atPath: "\(model.folder)/\(name)", toPath: "\(output)/\(name)")
        }
        try model.dataToPredict().write(cacheFile: "\(output)/\(TrainedModel.Files.training)", threads: threads)
        try model.layOut(layout, at: "\(output)/\(TrainedModel.servingFile)", on: CPUDevice(team: team))
        // Last: it makes the folder a model's.
        try AtomicFile.write("\(output)/\(ModelDescription.fileName)", model.description.json.utf8)
    }

    /// Bytes of the model's results and files, checkpoints within modules left out.
    private func bytes(of model: TrainedModel) throws -> Int {
        let all = try CheckpointEntry.all(in: model.folder), pinned = all.filter(\.isPinned).reduce(0) { $0 + $1.bytes }
        let files = namesInFolder(model.folder).filter { isFile("\(model.folder)/\($0)") && $0 != TrainedModel.servingFile }
        return pinned + files.reduce(0) { $0 + Self.size("\(model.folder)/\($1)") }
    }

    private static func bytes(below folder: String) throws -> Int {
        namesInFolder(folder).reduce(0) { $0 + size("\(folder)/\($1)") }
    }

    private static func size(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }
}

/// What a compressed model is beside the one that it was made of.
public struct CompressionReport: Sendable {
    public let layout: ServingLayout
    public let output: String
    /// Of the folders, before and after.
    public internal(set) var bytes = (before: 0, after: 0)
    /// Test documents were there, and none of them had a label.
    public internal(set) var lacksLabels = false
    /// nil: not measured.
    public internal(set) var metrics: (before: CompressionMetrics, after: CompressionMetrics)?

    /// Lines for a person.
    public var text: String {
        let share = String(format: "%.1f", 100 * Double(bytes.after) / Double(max(bytes.before, 1)))
        var lines = [
            "\(output): \(layout.text), \(Quantity.bytes(bytes.after)) instead of \(Quantity.bytes(bytes.before)) (\(share) %)"
        ]
        if lacksLabels { lines.append("not measured: no test document has a label") }
        guard let metrics else { return lines.joined(separator: "\n") }
        lines.append("          as trained   compressed   difference")
        for (before, after) in zip(metrics.before.figures, metrics.after.figures) {
            let numbers = [before.value, after.value].map { String(format: "%12.2f", $0) }.joined(separator: " ")
            lines.append(
                before.name.padding(toLength: 7, withPad: " ", startingAt: 0) + numbers
                    + String(format: " %+12.2f", after.value - before.value))
        }
        return lines.joined(separator: "\n")
    }
    /// The same for a program: bytes, and metrics in per cent where there are test documents.
    public var json: String {
        var members: [JSONValue.Member] = [
            .init("output", .string(output)), .init("layout", .string(layout.text)),
            .init("bytes", .object([.init("before", .integer(bytes.before)), .init("after", .integer(bytes.after))])),
        ]
        if let metrics {
            let pairs = zip(metrics.before.figures, metrics.after.figures).map { before, after in
                JSONValue.Member(
                    before.name, .object([.init("before", .finite(before.value)), .init("after", .finite(after.value))]))
            }
            members.append(.init("metrics", .object(pairs)))
        }
        return JSONValue.object(members).indentedText
    }
}
