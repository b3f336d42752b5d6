import Devices
import Formats
import Foundation
import Learners
import Support
import Testing
import Tools
import Transport

@Suite struct CompressionTests {
    private func scratch() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("compress-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private func compress(_ kind: TrainedLearner, to folder: String, _ layout: ServingLayout) throws -> CompressionReport {
        var compression = Compression(model: try kind.model(), output: folder, layout: layout)
        compression.trial = CompressionTrial(folder: try kind.job().options.datasetFolder)
        return try compression.run()
    }

    private func largestLoss(_ report: CompressionReport) throws -> Double {
        let (before, after) = try #require(report.metrics)
        return zip(before.figures, after.figures).map { abs($0.value - $1.value) }.max() ?? 0
    }

    @Test(
        "Half and a quarter of the weights, with figures near those of the model", arguments: TrainedLearner.allCases,
        NarrowWeights.allCases)
    func narrow(kind: TrainedLearner, weights: NarrowWeights) throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let report = try compress(kind, to: "\(folder)/small", ServingLayout(weights: weights))
        #expect(report.bytes.after < report.bytes.before)
        #expect(try largestLoss(report) < 6, "\(report.text)")
        // Whole or by runs of labels, on any number of ranks.
        var job = PredictionJob(model: "\(folder)/small", input: .features(try kind.features()))
        job.output = "\(folder)/one.txt"
        _ = try job.run()
        let wanted = try PredictionText.read(path: kind.score("txt")), found = try PredictionText.read(path: job.output)
        let common = (0..<wanted.rows).reduce(0) { $0 + Set(wanted.columns($1)).intersection(found.columns($1)).count }
        let share = Double(common) / Double(wanted.nonZeros)
        // Graphs with so few links find others among vectors that are a little different.
        let least = kind == .sliceGraphs ? 0.3 : weights == .bfloat16 ? 0.9 : 0.75
        #expect(share > least, "labels that both predict: \(share)")
        for (ranks, shards) in [(3, false), (2, true), (3, true)] {
            job.output = "\(folder)/several.txt"
            job.shardsLabels = shards
            let asked = job
            try ThreadCommunicator.run(size: ranks) { world in _ = try asked.run(over: world) }
            let (one, several) = try (
                Data(contentsOf: URL(fileURLWithPath: "\(folder)/one.txt")),
                Data(contentsOf: URL(fileURLWithPath: "\(folder)/several.txt"))
            )
            #expect(one == several, "\(ranks) ranks, runs of labels: \(shards)")
        }
    }

    @Test("What stands at the folder to make is left alone", arguments: ["pipe", "file", "dangling", "full"])
    func occupied(what: String) throws {
        let folder = try scratch(), path = "\(folder)/small"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        switch what {
        case "pipe": mkfifo(path, 0o600)
        case "file": try "mine".write(toFile: path, atomically: true, encoding: .utf8)
        case "dangling": symlink("\(folder)/nowhere", path)
        default:
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try "mine".write(toFile: "\(path)/file", atomically: true, encoding: .utf8)
        }
        var before = stat(), after = stat()
        lstat(path, &before)
        let failure = #expect(throws: Failure.self) { try compress(.oneVsAll, to: path, ServingLayout(weights: .int8)) }
        #expect(failure?.problem == "there is something at the folder to make")
        #expect(lstat(path, &after) == 0 && before.st_ino == after.st_ino && before.st_mode == after.st_mode)
    }

    @Test("Pruning leaves out the share that was asked for", arguments: [TrainedLearner.sparseSlice, .dismec])
    func prune(kind: TrainedLearner) throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let whole = try compress(kind, to: "\(folder)/whole", ServingLayout(weights: .bfloat16))
        let some = try compress(kind, to: "\(folder)/some", ServingLayout(weights: .bfloat16, pruned: 0.5))
        #expect(some.bytes.after < whole.bytes.after)
        let only = try compress(kind, to: "\(folder)/only", ServingLayout(pruned: 0.1))
        #expect(try largestLoss(only) < 10)
    }

    @Test(
        "What cannot be compressed is refused, and nothing is left",
        arguments: ["nothing", "share", "dense", "folder", "twice", "data"])
    func refused(what: String) throws {
        let folder = try scratch(), small = "\(folder)/small"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var job = Compression(model: try TrainedLearner.sparseSlice.model(), output: small, layout: ServingLayout(weights: .int8))
        switch what {
        case "nothing": job.layout = ServingLayout()
        case "share": job.layout.pruned = 1
        case "dense": (job.model, job.layout.pruned) = (try TrainedLearner.oneVsAll.model(), 0.5)
        case "folder":
            try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
            try "mine".write(toFile: "\(small)/file", atomically: true, encoding: .utf8)
        case "twice":
            _ = try job.run()
            (job.model, job.output) = (small, "\(folder)/smaller")
        default: job.trial = CompressionTrial(folder: folder)
        }
        let asked = job
        let error = #expect(throws: Failure.self) { try asked.run() }
        #expect(error?.code == .usage)
        #expect(what == "folder" || !FileManager.default.fileExists(atPath: asked.output))
        if what == "folder" { #expect(try String(contentsOfFile: "\(small)/file", encoding: .utf8) == "mine") }
    }

    @Test("A compressed model extracts nothing, and says why")
    func extraction() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try compress(.sparseSlice, to: "\(folder)/small", ServingLayout(weights: .int8))
        let model = try TrainedModel.open(folder: "\(folder)/small")
        let error = #expect(throws: Failure.self) { try Extraction(.classifierWeights).matrix(of: model) }
        #expect(error?.problem.contains("compressed") == true && model.compression == "int8")
    }
}
