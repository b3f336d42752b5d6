import Checkpoint
import Coordinator
import Formats
import Foundation
import Inference
import Learners
import Scoring
import Support
import Synchronization
import Testing
import Tools
import Transport
import WorkerChecks

@Suite struct PredictTests {
    private static func scratch() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("predict-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private func content(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    /// Predicts into a file, over `ranks` threads where more than one is asked for.
    private func predict(
        _ kind: TrainedLearner, to path: String, ranks: Int = 1, _ change: (inout PredictionJob) throws -> Void = { _ in }
    ) throws {
        var job = PredictionJob(model: try kind.model(), input: .features(try kind.features()))
        job.output = path
        try change(&job)
        let asked = job
        if ranks == 1 {
            _ = try asked.run()
        } else {
            try ThreadCommunicator.run(size: ranks) { world in _ = try asked.run(over: world) }
        }
    }

    @Test("The file that training wrote, to the byte: one chunk, one thread", arguments: TrainedLearner.allCases)
    func whole(kind: TrainedLearner) throws {
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["npz", "txt", "jsonl"] {
            try predict(kind, to: "\(folder)/score.\(name)")
            #expect(try content("\(folder)/score.\(name)") == content(kind.score(name)), "\(name)")
        }
        try predict(kind, to: "\(folder)/score.h5")
        let (found, wanted) = (try ScoreFile.read("\(folder)/score.h5"), try ScoreFile.read(kind.score("h5")))
        #expect(found.indices.array == wanted.indices.array && found.rows == wanted.rows && found.cols == wanted.cols)
        #expect(wanted.nonZeros > 500)
    }

    @Test("Labels below a threshold are left out, in every form", arguments: [TrainedLearner.allCases[0], .allCases[1]])
    func threshold(kind: TrainedLearner) throws {
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["npz", "txt", "jsonl", "h5"] {
            let path = "\(folder)/score.\(name)"
            try predict(kind, to: path) { $0.topK = 6 }
            // The middle one of all scores: half of them stay, and it is the smallest of these.
            let all = try Self.matrix(path), cut = try #require(all.values?.array.sorted()[all.nonZeros / 2])
            let wanted = Scoring.atLeast(cut, of: all)
            for (ranks, chunk) in [(1, 4096), (2, 70)] {
                try predict(kind, to: path, ranks: ranks) { ($0.threshold, $0.topK, $0.chunk) = (Double(cut), 6, chunk) }
                let found = try Self.matrix(path)
                #expect(found.starts.array == wanted.starts.array && found.indices.array == wanted.indices.array)
                #expect(found.values?.array == wanted.values?.array && found.values?.array.min() == cut, "\(name)")
                #expect(found.nonZeros < all.nonZeros && 2 * found.nonZeros >= all.nonZeros)
            }
        }
        for bad in [-0.1, 1.01, .nan, .infinity] {
            let failure = try #require(throws: Failure.self) {
                try predict(kind, to: "\(folder)/score.npz") { $0.threshold = bad }
            }
            #expect(failure.place == "--threshold" && failure.expected.hasPrefix("0 to 1"))
        }
    }

    private static func matrix(_ path: String) throws -> CSRMatrix {
        guard case .scores(let scores) = try PredictionFile.read(path) else { throw CocoaError(.fileReadCorruptFile) }
        return scores
    }

    @Test("Neither chunks nor threads nor ranks change a byte", arguments: TrainedLearner.allCases)
    func cuts(kind: TrainedLearner) throws {
        let folder = try Self.scratch(), path = "\(folder)/score.txt", wanted = try content(kind.score("txt"))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (chunk, threads, ranks) in [(1, 1, 1), (1, 2, 2), (7, 3, 1), (17, 1, 4), (4096, 2, 3)] {
            try predict(kind, to: path, ranks: ranks) {
                $0.chunk = chunk
                $0.threads = threads
            }
            #expect(try content(path) == wanted, "chunk \(chunk), \(threads) threads, \(ranks) ranks")
        }
    }

    @Test("The search of the learner with few links is by graphs")
    func graphs() throws {
        let model = try TrainedModel.open(folder: TrainedLearner.graphs.model())
        #expect(try model.checkpoint("shortlist").state["search.documents"] == "graph")
    }

    @Test("Of fewer labels than are kept, the best", arguments: [1, 3, 19], [TrainedLearner.oneVsAll, .deepXML])
    func fewer(k: Int, kind: TrainedLearner) throws {
        let folder = try Self.scratch(), path = "\(folder)/score.npz"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try predict(kind, to: path) { $0.topK = k }
        let found = try NPZ.readCSR(path: path), wanted = Scoring.topK(try NPZ.readCSR(path: kind.score("npz")), k)
        #expect(found.starts.array == wanted.starts.array && found.indices.array == wanted.indices.array)
        #expect(found.values?.array.map(\.bitPattern) == wanted.values?.array.map(\.bitPattern))
    }

    @Test("An ensemble is the sum of its learners")
    func ensemble() throws {
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // One learner twice: every score is twice as large.
        try EnsembleDescription(learners: Array(repeating: try TrainedLearner.oneVsAll.model(), count: 2)).write(to: folder)
        try predict(.oneVsAll, to: "\(folder)/score.npz") { $0.model = folder + "/" }
        let found = try NPZ.readCSR(path: "\(folder)/score.npz")
        let wanted = try NPZ.readCSR(path: TrainedLearner.oneVsAll.score("npz"))
        #expect(found.indices.array == wanted.indices.array)
        #expect(found.values?.array == wanted.values?.array.map { 2 * $0 })
    }

    @Test("Another β gives what evaluate would have measured")
    func beta() throws {
        let folder = try Self.scratch(), path = "\(folder)/score.npz"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try predict(.deepXML, to: path) { $0.beta = 0.8 }
        let results = try TrainedLearner.deepXML.job().options.resultFolder(seed: LearnerJob.seed)
        guard case .learner(let scores) = try PredictionFile.read("\(results)/predictions.h5") else {
            Issue.record("no learner's predictions")
            return
        }
        let wanted = Scoring.topK(scores.combined(beta: 0.8), 20), found = try NPZ.readCSR(path: path)
        #expect(found.indices.array == wanted.indices.array && found.values?.array == wanted.values?.array)
    }

    @Test("Features in other formats, of fewer columns and rows")
    func formats() throws {
        let folder = try Self.scratch(), path = "\(folder)/score.txt"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let features = try MatrixFile.read(path: TrainedLearner.oneVsAll.features(), kind: .features, threads: 1)
        try MatrixFile.write(features, to: "\(folder)/x.npz", format: MatrixFormat(.npz))
        try predict(.oneVsAll, to: path) { $0.input = .features("\(folder)/x.npz") }
        #expect(try content(path) == content(TrainedLearner.oneVsAll.score("txt")))
        try "2 5\n0:1 4:0.5\n\n".write(toFile: "\(folder)/x.txt", atomically: true, encoding: .utf8)
        try predict(.oneVsAll, to: path) { $0.input = .features("\(folder)/x.txt") }
        #expect(try PredictionText.read(path: path).rows == 2)
    }

    @Test(
        "What cannot be predicted is refused, and nothing is left", arguments: ["missing", "columns", "text", "folder", "matrix"])
    func refused(what: String) throws {
        let folder = try Self.scratch(), path = "\(folder)/score.txt"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "1 301\n300:1\n".write(toFile: "\(folder)/x.txt", atomically: true, encoding: .utf8)
        for ranks in [1, 3] {
            let error = #expect(throws: (any Error).self) {
                try predict(.oneVsAll, to: path, ranks: ranks) { job in
                    switch what {
                    case "missing": job.input = .features("\(folder)/nowhere.txt")
                    case "columns": job.input = .features("\(folder)/x.txt")
                    case "text": job.input = .text("\(folder)/x.txt")
                    case "folder": job.output = "\(folder)/nowhere/score.txt"
                    default: (job.output, job.format) = ("-", .npz)
                    }
                }
            }
            if ranks == 1 { #expect((error as? Failure)?.code == .usage) } else { #expect(error is EndedTogether) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x.txt"])
    }

    @Test("The output's name says the format, or is refused where it says one that we do not write")
    func formatsByName() throws {
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let known: [(String, PredictionFormat)] = [
            ("a.npz", .npz), ("a.H5", .h5), ("a.hdf5", .h5), ("a.txt", .text), ("a.jsonl", .jsonl), ("a.json", .jsonl),
            ("a", .jsonl),
            ("-", .jsonl),
        ]
        for (name, format) in known {
            var job = PredictionJob(model: "m", input: .text("-"))
            job.output = name == "-" ? name : "\(folder)/\(name)"
            #expect(try job.outputFormat() == format, "\(name)")
        }
        for name in ["p.csv", "p.tsv", "p.npy", "p.jsonl.gz", "p.v2"] {
            var job = PredictionJob(model: "m", input: .text("-"))
            job.output = "\(folder)/\(name)"
            let refused = job
            #expect(try #require(throws: Failure.self) { try refused.outputFormat() }.code == .usage, "\(name)")
            job.format = .text
            #expect(try job.outputFormat() == .text)
        }
        // A pipe's name is no file's.
        var job = PredictionJob(model: "m", input: .text("-"))
        job.output = "\(folder)/pipe.1"
        mkfifo(job.output, 0o600)
        #expect(try job.outputFormat() == .jsonl)
    }

    @Test("Outputs that cannot be written are told before the work, and stay as they are")
    func outputs() throws {
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let model = try TrainedLearner.oneVsAll.model(), features = "\(folder)/x.txt"
        try "1 5\n0:1\n".write(toFile: features, atomically: true, encoding: .utf8)
        mkfifo("\(folder)/pipe.h5", 0o600)
        symlink("\(folder)/nowhere", "\(folder)/link.txt")
        symlink(features, "\(folder)/x2.txt")
        for (name, format, found) in [
            ("pipe.h5", PredictionFormat.h5, "a device or a pipe"), ("link.txt", .text, "a link that leads nowhere"),
            (".", .text, "a folder"),
            ("x.txt", .text, features), ("x2.txt", .text, features),
        ] {
            var job = PredictionJob(model: model, input: .features(features))
            (job.output, job.format) = ("\(folder)/\(name)", format)
            let asked = job
            #expect(try #require(throws: Failure.self) { try asked.run() }.found == found, "\(name)")
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["link.txt", "pipe.h5", "x.txt", "x2.txt"])
        #expect(try content(features) == Data("1 5\n0:1\n".utf8))
    }

    @Test("No output takes the place of a model's own file")
    func modelFiles() throws {
        let model = try TrainedLearner.oneVsAll.model(), features = try TrainedLearner.oneVsAll.features()
        let checkpoint = try #require(TrainedModel.files(of: model).first { $0.contains("/ckpt_") })
        for path in ["\(model)/model.json", "\(model)/./training.xcd", checkpoint] {
            let before = try content(path)
            var job = PredictionJob(model: model, input: .features(features))
            (job.output, job.format) = (path, .jsonl)
            let asked = job
            #expect(try #require(throws: Failure.self) { try asked.run() }.code == .usage, "\(path)")
            #expect(try content(path) == before)
        }
        // The ensemble's learners are as much its own.
        let ensemble = try Self.scratch()
        defer { try? FileManager.default.removeItem(atPath: ensemble) }
        try EnsembleDescription(learners: [model]).write(to: ensemble)
        var job = PredictionJob(model: ensemble, input: .features(features))
        (job.output, job.format) = ("\(model)/model.json", .jsonl)
        let asked = job
        #expect(try #require(throws: Failure.self) { try asked.run() }.problem == "a file that is read would be replaced")
    }

    @Test("A chunk may be any number of documents")
    func largestChunk() throws {
        let folder = try Self.scratch(), path = "\(folder)/score.txt"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try predict(.oneVsAll, to: path) { $0.chunk = .max }
        #expect(try content(path) == content(TrainedLearner.oneVsAll.score("txt")))
    }

    @Test("What extract gives of any encoder are the classifiers' own inputs and weights")
    func extracted() throws {
        let model = try TrainedModel.open(folder: TrainedLearner.layers.model())
        let weights = try Extraction(.classifierWeights).dense(of: model)
        var extraction = Extraction(.documentEmbeddings)
        extraction.features = try TrainedLearner.layers.features()
        #expect(try extraction.dense(of: model).cols == 12)
        extraction.layer = .final
        let documents = try extraction.dense(of: model)
        #expect(weights.cols == 16 && documents.cols == 15)
        let results = try TrainedLearner.layers.job().options.resultFolder(seed: LearnerJob.seed)
        let scores = try #require(try ScoreFile.readParts("\(results)/predictions.h5").parts["clf"])
        var worst: Float = 0
        for row in 0..<scores.rows {
            for (label, score) in zip(scores.columns(row), scores.weights(row)) {
                let w = weights.row(Int(label)), z = documents.row(row)
                worst = max(worst, abs((0..<15).reduce(w[15]) { $0 + w[$1] * z[$1] } - score) / max(1, abs(score)))
            }
        }
        #expect(scores.nonZeros > 500 && worst < 1e-4)
    }
}
