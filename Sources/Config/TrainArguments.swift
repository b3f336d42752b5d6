/// What a person typed after `deepxml-dist train`, unchecked: `TrainOptions.resolve` makes options of it.
public struct TrainArguments: Sendable, Equatable {
    public var work = "."
    public var data: String?
    public var dataset: String?
    /// nil: chosen, unless `config` is named.
    public var framework: String?
    public var arch: String?
    public var version = "0"
    public var seeds = TrainArguments.defaultSeeds
    public var config: String?
    public var configs: String?
    public var settings: [String] = []
    public var checkpointEvery = TrainArguments.defaultCheckpointEvery
    public var checkpointMinutes = TrainArguments.defaultCheckpointMinutes
    public var fresh = false
    public var threads: Int?
    /// auto, cpu, gpu or gpu:N.
    public var device = "auto"
    public var fastMath = false
    public var dryRun = false
    public var logFormat = LogFormat.text.rawValue
    public var quiet = false
    public var predictions = TrainArguments.defaultPredictions
    public var silenceTimeout = TrainArguments.defaultSilenceTimeout
    public var learnersOnly = false
    public var mergesOnly = false
    public var baseline = false
    public var events: String?
    public var tensorBoard: String?
    /// A share of the training documents, or `files`; nil: no validation.
    public var validation: String?
    public var validationSeed: UInt64?
    /// last, best or best:METRIC.
    public var keep: String?
    public var patience: Int?
    /// `all`, or names of settings.
    public var tune: String?
    public var tuneMetric: String?
    public init() {}

    /// The original's own default.
    public static let defaultSeeds = "22"
    public static let defaultCheckpointEvery = 5
    public static let defaultCheckpointMinutes = 10.0
    public static let defaultPredictions = "npz,h5"
    public static let defaultSilenceTimeout = 600.0
}

/// How events are logged.
public enum LogFormat: String, CaseIterable, Sendable {
    /// A live line on a terminal, one line an event elsewhere.
    case text
    /// One JSON object a line.
    case json
}
