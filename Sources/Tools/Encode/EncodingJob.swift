import Formats
import Foundation
import Inference
import Learners
import Support

/// `encode`: the vectors of documents by a trained learner or by a folder of pretrained weights, as dense features.
public struct EncodingJob: Sendable {
    /// A learner's folder, or one of pretrained weights as Hugging Face lays it out.
    public var model: String
    public var input: PredictionJob.Input
    /// Ends in .npy, .npz or .h5.
    public var output: String
    /// Of a learner: which of its vectors, and of which module; nil: what its searches see, of the classifiers' module.
    public var layer: Extraction.Layer?
    public var module: String?
    /// Of pretrained weights: instead of what their folder says.
    public var pooling: SentenceSettings.Pooling?
    /// Of pretrained weights: tokens of a text that are read, at most.
    public var maxTokens: Int?
    /// Vectors are divided by their l2 norm; nil: as the folder of pretrained weights says, else they are not.
    public var normalises: Bool?
    public var threads = 1
    /// Documents encoded at a time.
    public var chunk = 4096

    public init(model: String, input: PredictionJob.Input, output: String) {
        self.model = model.count > 1 && model.hasSuffix("/") ? String(model.dropLast()) : model
        self.input = input
        self.output = output
    }

    /// Encodes all documents; the file appears when it is complete.
    ///
    /// - Throws: `Failure` where model or documents are missing or damaged, or the options do not fit the model.
    public func run() throws -> EncodingSummary {
        _ = try ExtractedFile.format(of: output)
        try PredictionInputs.checkFolder(of: output, "the vectors")
        try checkKept([input.path] + TrainedModel.files(of: model), by: output, option: "--to")
        // A wrong path is told before a large model is read.
        if input.path != "-", !FileManager.default.fileExists(atPath: input.path) { _ = try MappedFile(path: input.path) }
        let began = Stopwatch(), team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        let model = try ProgressScope.stage("loading the model") { _ in try EncodingModel(self, team: team) }
        let loading = began.seconds
        var summary = EncodingSummary(dims: model.vectors.dims, loading: loading)
        let rows = try encode(by: model, team, &summary)
        summary.encoding = began.seconds - loading
        try ExtractedFile.write(
            rows: rows, cols: summary.dims, to: output, name: Extraction.What.documentEmbeddings.arrayName,
            attributes: ["model": .string(self.model)])
        return summary
    }

    private func encode(
        by model: EncodingModel, _ team: ThreadTeam, _ summary: inout EncodingSummary
    ) throws -> [DenseMatrix] {
        var source = try model.source(input, threads: threads), parts: [DenseMatrix] = []
        try ProgressScope.stage("encoding", of: source.count, "documents") { progress in
            while let piece = try source.next(chunk) {
                let documents = try model.features(of: piece, team)
                // How far all documents are is the better news.
                parts.append(try ProgressScope.hidden { try model.vectors.encode(documents.features) })
                summary.add(documents)
                progress.advance(to: summary.documents)
            }
        }
        return parts
    }
}

/// Documents as a model reads them.
struct EncodedDocuments {
    var features: CSRMatrix
    /// Texts of which the end was left out.
    var cut: Int
}

/// What was encoded, and how long it took.
public struct EncodingSummary: Sendable, Equatable {
    public let dims: Int
    public private(set) var documents = 0
    /// Documents of which tokens beyond the most that are read were left out.
    public private(set) var cut = 0
    /// Documents without anything that the model knows: their vectors tell nothing of them.
    public private(set) var withoutFeature = 0
    /// Wall seconds: reading the model, and encoding (with reading the documents).
    public let loading: Double
    public internal(set) var encoding = 0.0

    init(dims: Int, loading: Double) { (self.dims, self.loading) = (dims, loading) }

    mutating func add(_ encoded: EncodedDocuments) {
        documents += encoded.features.rows
        cut += encoded.cut
        withoutFeature += (0..<encoded.features.rows).count { encoded.features.range($0).isEmpty }
    }

    /// Lines for a person.
    public func text(output: String) -> String {
        var lines = ["\(output): vectors of \(documents) documents, \(documents)×\(dims)"]
        if cut > 0 { lines.append("\(cut) of them are longer than the encoder reads: their ends were left out") }
        if withoutFeature > 0 { lines.append("\(withoutFeature) of them have no feature that the model knows") }
        let rate = encoding > 0 ? String(format: "%.0f", Double(documents) / encoding) : "-"
        lines.append("model \(Quantity.seconds(loading)), encoding \(Quantity.seconds(encoding)) (\(rate) documents/s)")
        return lines.joined(separator: "\n")
    }
}
