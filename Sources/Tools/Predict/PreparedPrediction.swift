import Formats
import Foundation
import Inference
import Learners
import Support
import Training

/// What a prediction begins with: the models' descriptions, and at the rank that reads, the documents; so that a wrong path is told before
/// a large model is read.
struct PredictionInputs {
    let models: [TrainedModel]
    let inputs: EnsembleInputs
    let readsInput: Bool
    /// Lines of text; nil at other ranks, and where documents come as features.
    fileprivate let lines: LineSource?

    init(_ job: PredictionJob, readsInput: Bool) throws {
        let format = try job.outputFormat()
        if readsInput { try Self.checkOutput(of: job, format) }
        self.readsInput = readsInput
        models = try TrainedModel.openAll(folder: job.model)
        if readsInput { try checkKept(TrainedModel.files(of: job.model), by: job.output, option: "--to") }
        try Self.checkThreshold(job.threshold, models.count, weights: EnsembleDescription.weights(in: job.model))
        switch job.input {
        case .text(let path):
            inputs = try EnsembleInputs(models, text: job.input.place)
            lines = readsInput ? try LineSource(path: path) : nil
        case .features("-"):
            inputs = try EnsembleInputs(rowsFor: models, place: "standard input")
            lines = readsInput ? try LineSource(path: "-", form: .features) : nil
        case .features(let path):
            (inputs, lines) = (try EnsembleInputs(models, text: nil), nil)
            guard readsInput, !FileManager.default.fileExists(atPath: path) else { return }
            _ = try models[0].featureFile().read(path, threads: 1)
        }
    }

    /// What could not be written at the end is told at the beginning.
    private static func checkOutput(of job: PredictionJob, _ format: PredictionFormat) throws {
        if job.output == "-" { return }
        try checkFolder(of: job.output, "the predictions")
        // HDF5 goes back in its file.
        try AtomicFile.check(job.output, streams: format != .h5)
        try checkKept([job.input.path], by: job.output, option: "--to")
    }

    /// A learner's scores are shares of each document's best label, at most 1, and an ensemble's their sums.
    private static func checkThreshold(_ threshold: Double?, _ learners: Int, weights: [Double]?) throws {
        let largest = weights.map { $0.reduce(0, +) } ?? Double(learners)
        guard let threshold, !(0...largest).contains(threshold) else { return }
        throw Failure(
            .usage, "a threshold that is no score of this model", at: "--threshold", found: "\(threshold)",
            expected: learners == 1
                ? "0 to 1, the score of a document's best label"
                : "0 to \(String(format: "%g", largest)), the sum of \(learners) \(weights == nil ? "" : "weighted ")learners",
            advice: "see which one fits: evaluate --predictions FILE --labels FILE --threshold P")
    }

    /// - Parameter what: that goes there.
    static func checkFolder(of path: String, _ what: String) throws {
        // Foundation's deletingLastPathComponent traps on a name of one character.
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard path != "-", access(folder, W_OK) != 0 else { return }
        throw Failure(
            .usage, "\(what) cannot be written", at: "--to \(path)", found: String(cString: strerror(errno)),
            expected: "a folder that may be written", advice: "make the folder first, or name another")
    }
}

/// The model, and at the rank that reads and writes, both ends of the way.
struct PreparedPrediction {
    let scoring: ChunkScoring
    private let source: (any DocumentSource)?
    private let output: PredictionOutput?
    private var summary: PredictionSummary

    /// - Parameters:
    ///   - models: of `found`, mapped where they can be.
    ///   - group: the ranks that hold a model together.
    ///   - began: with loading.
    init(
        _ job: PredictionJob, _ found: PredictionInputs, _ models: [TrainedModel], group: WorkerGroup, began: Stopwatch
    ) throws {
        let predictor = try ProgressScope.stage("loading the model") { _ in
            try Predictor(
                models: models, group: group, beta: job.beta, weights: EnsembleDescription.weights(in: job.model))
        }
        let topK = min(job.topK ?? predictor.defaultTopK, predictor.labelCount), format = try job.outputFormat()
        scoring = try ChunkScoring(
            predictor, texts: found.inputs.texts, format: format, names: models[0].labelNames ?? [], topK: topK,
            threshold: job.threshold, team: group.team)
        summary = PredictionSummary(learners: models.count, topK: topK, threshold: job.threshold)
        summary.loading = began.seconds
        guard found.readsInput else {
            (source, output) = (nil, nil)
            return
        }
        var stream: (any DocumentSource)? = found.lines
        if case .features(let path) = job.input, path != "-" {
            let features = try models[0].featureFile().read(path, threads: job.threads)
            stream = FeatureSource(features, longest: models.compactMap(\.arch.longestDocument).min() ?? .max)
        }
        summary.reading = began.seconds - summary.loading
        source = stream
        output = try PredictionOutput(
            path: job.output, format: format, documents: stream?.count, labels: predictor.labelCount)
    }

    /// - Parameter work: takes the source and calls back with the predictions of each chunk, in order.
    func run(
        limit: Int,
        _ work: (inout any DocumentSource, Int, (ScoredChunk) throws -> Void) throws -> Void
    ) throws -> PredictionSummary {
        guard var source, let output else { preconditionFailure("the rank that reads runs") }
        let began = Stopwatch()
        var last = 0.0, writing = 0.0, summary = summary
        try ProgressScope.stage("scoring", of: source.count, "documents") { progress in
            try work(&source, limit) { chunk in
                let done = began.seconds
                summary.add(chunk, seconds: done - last)
                try output.add(chunk)
                last = began.seconds
                writing += last - done
                progress.advance(to: summary.documents)
            }
        }
        summary.predicting = began.seconds - writing
        let finishing = Stopwatch()
        try output.finish()
        summary.writing = writing + finishing.seconds
        return summary
    }
}

/// What was predicted, and how long it took.
public struct PredictionSummary: Sendable {
    public let learners: Int
    public let topK: Int
    public let threshold: Double?
    public private(set) var documents = 0
    public private(set) var withoutFeature = 0
    /// Documents of which a learner has read the beginning alone.
    public private(set) var cut = 0
    /// Documents of which no label is at or above the threshold.
    public private(set) var withoutLabel = 0
    /// Wall seconds: reading the model, reading features, scoring (and turning text into features), writing.
    public internal(set) var loading = 0.0, reading = 0.0, predicting = 0.0, writing = 0.0
    /// Seconds of each chunk, from the one before.
    private var chunks: [Double] = []

    init(learners: Int, topK: Int, threshold: Double?) {
        (self.learners, self.topK, self.threshold) = (learners, topK, threshold)
    }

    mutating func add(_ chunk: ScoredChunk, seconds: Double) {
        documents += chunk.documents
        withoutFeature += chunk.withoutFeature
        cut += chunk.cut
        withoutLabel += chunk.withoutLabel
        chunks.append(seconds)
    }

    /// Milliseconds of a chunk: the median, and what 99 of 100 stay below.
    public var chunkMilliseconds: (median: Double, slow: Double) {
        let sorted = chunks.sorted()
        guard !sorted.isEmpty else { return (0, 0) }
        return (1000 * sorted[sorted.count / 2], 1000 * sorted[sorted.count * 99 / 100])
    }
}
