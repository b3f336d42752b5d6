import Datasets
import Formats
import Inference
import Learners
import Prepare
import Support

/// What turns documents into vectors, and how it reads them.
struct EncodingModel {
    let vectors: any DocumentVectors
    private let file: FeatureFile
    /// nil where documents come as features.
    private let text: TextFeatures?
    /// Tokens of a document that are read, at most.
    private let longest: Int

    /// - Throws: `Failure` where the model is missing or damaged, or cannot read such documents.
    init(_ job: EncodingJob, team: ThreadTeam) throws {
        func has(_ name: String) -> Bool { isFile("\(job.model)/\(name)") }
        if has(ModelDescription.fileName) || has(EnsembleDescription.fileName) {
            self = try EncodingModel(learner: job, team)
        } else if has("config.json") {
            self = try EncodingModel(weights: job, team)
        } else {
            throw Failure(
                .usage, "neither a trained learner nor pretrained weights are here", at: job.model,
                found: isFolder(job.model) ? "a folder without either" : "no such folder",
                expected:
                    "\(ModelDescription.fileName), which a learner's run writes when it is done, or config.json beside weights",
                advice: "check the path; a learner that is not done goes on where its training command is given again")
        }
    }

    private init(weights job: EncodingJob, _ team: ThreadTeam) throws {
        for (option, isGiven) in [("--layer", job.layer != nil), ("--module", job.module != nil)] where isGiven {
            throw Self.unfit(option, "pretrained weights", expected: "a trained learner", job)
        }
        let folder = try PretrainedFolder(path: job.model)
        let settings = try SentenceSettings(folder: job.model, pooling: job.pooling), positions = folder.shape.positions
        file = try FeatureFile(type: .sequential, columns: folder.shape.vocabulary, normalise: false)
        switch job.input {
        case .features: (text, longest) = (nil, positions)
        case .text:
            longest = job.maxTokens ?? min(settings.maxTokens ?? positions, positions)
            let pieces = try PretrainedPieces(folder: job.model, maxTokens: longest)
            text = TextFeatures(pieces.tokenizer, file, place: job.input.place)
        }
        let encoder = try PretrainedEncoder(folder, pooling: settings.pooling, threads: job.threads)
        vectors = job.normalises ?? settings.normalises ? UnitVectors(of: encoder, team: team) : encoder
    }

    private init(learner job: EncodingJob, _ team: ThreadTeam) throws {
        for (option, isGiven) in [("--pooling", job.pooling != nil), ("--max-tokens", job.maxTokens != nil)] where isGiven {
            throw Self.unfit(option, "a trained learner", expected: "a folder of pretrained weights", job)
        }
        let model = try ModelChoice.learner(job.model)
        try model.requireCheckpoints()
        var asked = Extraction(.documentEmbeddings)
        asked.module = job.module
        asked.layer = job.layer ?? .intermediate
        asked.threads = job.threads
        file = try model.featureFile()
        switch job.input {
        case .features: text = nil
        case .text: text = try TextFeatures(model, place: job.input.place)
        }
        let own = try model.documentVectors(asked)
        vectors = job.normalises ?? false ? UnitVectors(of: own, team: team) : own
        longest = model.arch.longestDocument ?? .max
    }

    private static func unfit(_ option: String, _ found: String, expected: String, _ job: EncodingJob) -> Failure {
        Failure(
            .usage, "an option that does not go with this kind of model", at: option, found: "\(job.model): \(found)",
            expected: expected, advice: "leave \(option) out")
    }

    /// The documents of a file of features, or the lines of a text.
    func source(_ input: PredictionJob.Input, threads: Int) throws -> any DocumentSource {
        switch input {
        case .features(let path): FeatureSource(try file.read(path, threads: threads), longest: longest)
        case .text(let path): try LineSource(path: path)
        }
    }

    /// - Throws: `Failure` with the line that is not of the form.
    func features(of chunk: DocumentChunk, _ team: ThreadTeam) throws -> EncodedDocuments {
        switch chunk.content {
        case .features(let matrices, let cut): return EncodedDocuments(features: matrices[0], cut: cut)
        case .lines(let bytes, let form):
            guard let text else { preconditionFailure("text came, features were announced") }
            let (features, cut) = try text.features(bytes, form: form, first: chunk.first, team: team)
            return EncodedDocuments(features: features, cut: cut.count)
        }
    }
}
