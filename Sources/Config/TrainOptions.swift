import Support
import Formats

/// What one run of `deepxml-dist train` does, checked and complete.
public struct TrainOptions: Sendable, Equatable {
    /// Root of models/ and results/.
    public var work: String
    /// Root of data sets: the data set's folder is `<data>/<dataset>`.
    public var data: String
    public var dataset: String
    /// No data set was named: the demo's is used, and prepared where it isn't there.
    public var usesDemoData: Bool
    public var framework: FrameworkName
    /// Name of the architecture, as in paths of results.
    public var arch: String
    /// Label of the run.
    public var version: String
    /// One learner each, all different, in the order given.
    public var seeds: [UInt64]
    public var config: Config
    public var configPath: String
    public var archDefinition: Arch
    /// The architecture as Astec's; nil: it is another.
    public var astec: AstecParameters?
    /// Epochs between two checkpoints, nil: none by epochs.
    public var checkpointEveryEpochs: Int?
    /// Minutes between two checkpoints, nil: none by time.
    public var checkpointEveryMinutes: Double?
    /// Start over instead of going on from the newest checkpoint.
    public var fresh: Bool
    /// Threads a rank, nil: the node's cores shared out among its ranks.
    public var threads: Int?
    /// What the workers compute on. It changes no bit of a learner, so that a run may go on elsewhere.
    public var device = DeviceRequest.auto
    /// Matrix products on tensor cores, of numbers rounded to bfloat16, where a worker's device has them. Of this job, not of the learner: a
    /// run may go on with it or without.
    public var fastMath = false
    public var dryRun: Bool
    public var logFormat: LogFormat
    public var quiet: Bool
    /// In which forms scores are written.
    public var predictions: [PredictionFormat]
    /// Seconds without a word from a worker after which the job ends, nil: it never does for that.
    public var silenceSeconds: Double? = TrainArguments.defaultSilenceTimeout
    /// Train the learners and leave the ensemble's files alone: other jobs train its other learners.
    public var learnersOnly = false
    /// Every learner must be trained already: only the ensemble is made.
    public var mergesOnly = false
    /// Nearest documents are evaluated beside the learners.
    public var comparesBaseline = false
    /// File, pipe or device that gets each event as a line of JSON; nil: none does.
    public var events: String?
    /// Folder that gets events as TensorBoard's files; nil: none does.
    public var tensorBoard: String?
    /// Documents that are not trained on, and what is chosen by them; nil: none.
    public var validation: ValidationOptions?
    /// Why the framework is the one; nil: it was named, or a published data set's config is for it.
    public var choice: FrameworkChoice?
    /// What the person should be told once before the run.
    public var notices: [String]

    /// Name of the data set of `deepxml-dist prepare --demo`.
    public static let demoDataset = "WordNetDemo"
}

extension TrainOptions {
    public var datasetFolder: String { "\(data)/\(dataset)" }

    /// The folder of the weights that a section's encoder starts from.
    ///
    /// - Throws: `Failure` where the config names none, or it isn't there.
    public func pretrainedFolder(_ section: ModuleConfig) throws -> String {
        let name = section.encoder.pretrained, path = name.hasPrefix("/") ? name : "\(data)/\(name)"
        if !name.isEmpty && isFolder(path) { return path }
        throw Failure(
            .usage, "no folder of pretrained weights", at: name.isEmpty ? "pretrained" : path,
            found: name.isEmpty ? "init \"pretrained\", and no folder" : "no such folder",
            expected: "a folder with model.safetensors, config.json and vocab.txt",
            advice: "name it: --set extreme.pretrained=FOLDER, absolute or below --data; or --set extreme.init=random")
    }

    /// `<work>/results/<framework>/<arch>/<dataset>/v_<version>`: the ensemble's.
    public var resultFolder: String { "\(work)/results/\(runPath)" }

    /// `<work>/results/…/v_<version>_<seed>`: one learner's.
    public func resultFolder(seed: UInt64) -> String { "\(resultFolder)_\(seed)" }

    /// `<work>/models/…/v_<version>_<seed>`: one learner's checkpoints.
    public func modelFolder(seed: UInt64) -> String { "\(work)/models/\(runPath)_\(seed)" }

    /// A name for the run beside those of others: `DeepXML-Astec-EURLex-4K-v_0`.
    public var runName: String { runPath.replacing("/", with: "-") }

    private var runPath: String { "\(framework.rawValue)/\(arch)/\(dataset)/v_\(version)" }

    /// The config file with the folder that it stands in: `DeepXML/EURLex-4K.json`.
    public var configName: String { configPath.split(separator: "/").suffix(2).joined(separator: "/") }

    /// Hex digest of all that changes a learner or its scores, but its seed and its data: framework, config, architecture.
    public var learnerFingerprint: String {
        let encoder =
            astec.map { astec in
                "astec \(astec.coarseDropout) " + (astec.fineDropout.map { "residual \($0)" } ?? "identity")
            } ?? archDefinition.canonicalText
        let chosen = (validation?.learnerSettings ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        return hexDigits(FNV1a.hash64("\(framework.rawValue) \(config.fingerprint) \(encoder)\(chosen)".utf8))
    }

    /// JSON numbers are exact up to 2⁵³; a larger seed is written as text.
    private static func exact(_ seed: UInt64) -> JSONValue {
        seed <= 1 << 53 ? .number(Double(seed)) : .string(String(seed))
    }

    /// All options as JSON, the config by its path and fingerprint.
    public var json: String {
        JSONValue.object([
            .init("work", .string(work)), .init("data", .string(data)), .init("dataset", .string(dataset)),
            .init("uses_demo_data", .bool(usesDemoData)), .init("framework", .string(framework.rawValue)),
            .init("arch", .string(arch)),
            .init("version", .string(version)), .init("seeds", .array(seeds.map(TrainOptions.exact))),
            .init("config", .string(configPath)), .init("config_fingerprint", .string(config.fingerprint)),
            .init("checkpoint_every_epochs", checkpointEveryEpochs.map(JSONValue.integer) ?? .null),
            .init("checkpoint_every_minutes", checkpointEveryMinutes.map(JSONValue.number) ?? .null),
            .init("fresh", .bool(fresh)), .init("threads", threads.map(JSONValue.integer) ?? .null),
            .init("device", .string(device.description)),
            .init("dry_run", .bool(dryRun)), .init("log_format", .string(logFormat.rawValue)), .init("quiet", .bool(quiet)),
            .init("predictions", .array(predictions.map { .string($0.rawValue) })),
            .init("silence_seconds", silenceSeconds.map(JSONValue.number) ?? .null),
            .init("learners_only", .bool(learnersOnly)), .init("merges_only", .bool(mergesOnly)),
            .init("events", events.map(JSONValue.string) ?? .null),
            .init("tensorboard", tensorBoard.map(JSONValue.string) ?? .null),
            .init("validation", validation.map { .string("\($0.source)") } ?? .null),
            .init("baseline", .bool(comparesBaseline)), .init("framework_is_chosen", .bool(choice != nil)),
            .init("notices", .array(notices.map(JSONValue.string))),
        ]).indentedText
    }
}
