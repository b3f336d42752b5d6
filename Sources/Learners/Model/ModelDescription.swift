import Checkpoint
import Config
import Datasets
import Formats
import Foundation
import Messages
import Support

/// `model.json`: what a learner's folder says of itself, so that it can be used without the run that made it.
public struct ModelDescription: Sendable, Equatable {
    public static let fileName = "model.json"
    public static let schema = 1

    public var framework: String
    /// Name of the architecture, as in paths.
    public var archName: String
    public var arch: Arch
    public var config: Config
    public var dataset: String
    public var version: String
    public var seed: UInt64
    /// V.
    public var features: Int
    /// Labels that the model was trained on.
    public var labels: Int
    /// Labels of the data set's files, those without a training document included.
    public var labelsInFile: Int
    /// Rows of the training file, dropped ones included.
    public var trainingDocuments: Int
    /// What the checkpoints in the folder belong to.
    public var identity: CheckpointIdentity
    /// The data set's files that were copied into the folder.
    public var files: [String]
    /// What validation documents decided (`LearnerValidation`, as JSON); nil: nothing.
    public private(set) var validation: JSONValue?

    public init(
        options: TrainOptions, data: XCDataset, seed: UInt64, identity: CheckpointIdentity, files: [String]
    ) {
        framework = options.framework.rawValue
        archName = options.arch
        arch = options.archDefinition
        config = options.config
        // Written out, the config has a section for the re-ranker, whether there is one or not.
        config.global.useReranker = options.config.usesReranker(options.framework.learner.requirements)
        dataset = options.dataset
        version = options.version
        self.seed = seed
        features = data.vocabularySize
        labels = data.labelCount
        labelsInFile = data.labelCountInFile
        trainingDocuments = data.trainRowsInFile
        self.identity = identity
        self.files = files
    }
}

extension ModelDescription {
    /// Takes what validation documents decided. The settings that were tuned become those of the config: what predicts with the model
    /// uses them.
    ///
    /// - Parameters:
    ///   - beta, propensityWeight: nil: the config's.
    package mutating func set(_ decided: LearnerValidation, beta: Double?, propensityWeight: Double?) {
        if let beta { config.global.beta = beta }
        if let propensityWeight { config.extreme.classifier.propensityWeight = propensityWeight }
        validation = (try? JSONEncoder().encode(decided)).flatMap { try? JSONValue.parse(Array($0), name: "validation") }
    }
}

extension ModelDescription {
    /// As JSON; the config and the architecture in the form of their own files.
    public var json: String {
        let body: [JSONValue.Member] =
            [
                .init("schema", .integer(Self.schema)), .init("framework", .string(framework)), .init("arch", .string(archName)),
                .init("dataset", .string(dataset)), .init("version", .string(version)), .init("seed", .string(String(seed))),
                .init("dims", .integer(config.global.embeddingDims)), .init("features", .integer(features)),
                .init("labels", .integer(labels)), .init("labels_in_file", .integer(labelsInFile)),
                .init("training_documents", .integer(trainingDocuments)), .init("beta", .number(config.global.beta)),
                .init("reranker_beta", config.global.useReranker ? .number(config.reranker.beta) : .null),
                .init("program_version", .string(identity.programVersion)),
                .init("config_fingerprint", .string(identity.configFingerprint)),
                .init("data_fingerprint", .string(identity.dataFingerprint)), .init("files", .array(files.map(JSONValue.string))),
                .init("data", .sorted(identity.data.mapValues(JSONValue.string))), .init("arch_definition", arch.json),
                .init("config", (try? JSONValue.parse(Array(config.json.utf8), name: "config")) ?? .null),
            ] + (validation.map { [.init("validation", $0)] } ?? [])
        return JSONValue.object(body + [.init("checksum", .string(Self.checksum(body)))]).indentedText + "\n"
    }

    /// CRC-32 of the members' compact text.
    private static func checksum(_ members: [JSONValue.Member]) -> String {
        var checksum = CRC32()
        Array(JSONValue.object(members).text.utf8).withUnsafeBytes { checksum.update($0) }
        return checksum.hex
    }

    /// Reads what `json` wrote.
    ///
    /// - Throws: `Failure`: `.usage` where there is none at `path` or it is of another schema, `.damagedCheckpoint` where
    ///   it is no longer what was written.
    public init(path: String) throws {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            let folder = parentFolder(path),
                holdsResults = ["metrics.json", "predictions.h5"].contains { isFile("\(folder)/\($0)") }
            throw Failure(
                .usage, "there is no trained model here", at: isFile(folder) ? folder : path,
                found: isFile(folder) ? "a file" : holdsResults ? "a folder of results" : "no such file",
                expected: "\(Self.fileName) in a folder, which a learner's run writes when it is done",
                advice: holdsResults || isFile(folder)
                    ? "name the model's folder: models/<framework>/<arch>/<dataset>/v_…"
                    : "give the training command again: it goes on, or completes the folder of a learner that is done")
        }
        let json = try? JSONValue.parse(Array(bytes), name: path), body = json?.members?.filter { $0.name != "checksum" } ?? []
        guard let json, let stored = json["checksum"]?.string, stored == Self.checksum(body) else {
            throw Failure(
                .damagedCheckpoint, "the model's description is not as it was written", at: path,
                found: "\(bytes.count) bytes whose checksum does not fit",
                advice: "give the training command again: it writes the file anew")
        }
        try self.init(json, path: path)
    }

    private init(_ json: JSONValue, path: String) throws {
        guard json["schema"]?.integer == Self.schema else {
            throw Failure(
                .usage, "a model of another schema", at: path, found: json["schema"]?.text ?? "none", expected: "\(Self.schema)",
                advice: "use the version of deepxml-dist that trained it (program_version in the file)")
        }
        let fields = ModelFields(json: json, path: path)
        framework = try fields.text("framework")
        archName = try fields.text("arch")
        dataset = try fields.text("dataset")
        version = try fields.text("version")
        features = try fields.count("features")
        labels = try fields.count("labels")
        labelsInFile = try fields.count("labels_in_file")
        trainingDocuments = try fields.count("training_documents")
        guard let seed = UInt64(try fields.text("seed")) else { throw fields.missing("seed") }
        self.seed = seed
        guard let configText = json["config"]?.text, let archText = json["arch_definition"]?.text else {
            throw fields.missing("config, arch_definition")
        }
        // Of an unknown framework, the description can still be shown.
        let schema = (try? Frameworks.schema(of: framework)) ?? .modules
        config = try Config.parse(data: Array(configText.utf8), name: "\(path): config", schema: schema)
        arch =
            archText == "null"
            ? Arch(coarse: [], fine: [])
            : try Arch.parse(data: Array(archText.utf8), name: "\(path): arch_definition", arguments: config)
        validation = json["validation"]
        if case .array(let names)? = json["files"] { files = names.compactMap(\.string) } else { files = [] }
        var data = [String: String]()
        for member in json["data"]?.members ?? [] { data[member.name] = member.value.string }
        identity = CheckpointIdentity(
            configFingerprint: try fields.text("config_fingerprint"), dataFingerprint: try fields.text("data_fingerprint"),
            seed: Int(truncatingIfNeeded: seed), programVersion: try fields.text("program_version"),
            config: config.flatSettings, data: data)
    }
}

/// Members of `model.json` that must be there.
private struct ModelFields {
    let json: JSONValue
    let path: String

    func text(_ name: String) throws -> String {
        guard let text = json[name]?.string else { throw missing(name) }
        return text
    }

    func count(_ name: String) throws -> Int {
        guard let count = json[name]?.integer, count >= 0 else { throw missing(name) }
        return count
    }

    func missing(_ name: String) -> Failure {
        Failure(
            .damagedCheckpoint, "the model's description lacks a field", at: path, found: json[name]?.text ?? "no \(name)",
            expected: name, advice: "give the training command again: it writes the file anew")
    }
}

extension Arch {
    /// In the form of an arch file, which `parse` reads; null without layers.
    package var json: JSONValue {
        if coarse.isEmpty && fine.isEmpty { return .null }
        return .object([.init("transform_coarse", Self.json(coarse)), .init("transform_fine", Self.json(fine))])
    }

    private static func json(_ layers: [Layer]) -> JSONValue {
        var members = [JSONValue.Member("order", .array(layers.map { .string($0.kind) }))]
        for layer in layers where !members.contains(where: { $0.name == layer.kind }) {
            let arguments = layer.numbers.mapValues(JSONValue.number).merging(layer.texts.mapValues(JSONValue.string)) { a, _ in a
            }
            members.append(.init(layer.kind, .sorted(arguments)))
        }
        return .object(members)
    }
}
