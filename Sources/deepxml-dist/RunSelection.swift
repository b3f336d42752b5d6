import ArgumentParser
import Config
import Learners

/// Options that `train` and `merge` share: which run it is, where it lies, and what is said and written.
struct RunSelection: ParsableArguments {
    @Option(help: ArgumentHelp("Folder that holds models/ and results/.", valueName: "dir"), completion: .directory)
    var work = "."

    @Option(
        help: ArgumentHelp("Folder that holds the data sets. (default: <work>/data)", valueName: "dir"), completion: .directory)
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Data set: the name of a folder in --data. (default: the demo's, which is prepared if missing)", valueName: "name"))
    var dataset: String?

    @Option(
        help: ArgumentHelp(
            "Framework: \(Frameworks.listed). (default: chosen for the data set, or DeepXML with --config)", valueName: "name"))
    var framework: String?

    @Option(
        help: ArgumentHelp("Architecture: a name in configs/arch, or a JSON file. (default: the config's)", valueName: "name"))
    var arch: String?

    @Option(help: ArgumentHelp("Name of the run, used in the paths of models and results.", valueName: "label"))
    var version = "0"

    @Option(parsing: .unconditional, help: ArgumentHelp("Seeds, separated by commas: one learner per seed.", valueName: "list"))
    var seeds = TrainArguments.defaultSeeds

    @Option(
        help: ArgumentHelp(
            "Config file. (default: configs/<framework>/<dataset>.json, or else configs/<framework>/default.json)",
            valueName: "file"), completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp("Folder of configs. (default: ./configs, or else those installed with the program)", valueName: "dir"),
        completion: .directory)
    var configs: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp(
            "Override a key of the config; may be repeated. Example: extreme.num_epochs=5", valueName: "section.key=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp(
            "Formats in which to write the scores, separated by commas: npz, h5, text, jsonl; or none.", valueName: "formats"))
    var predictions = TrainArguments.defaultPredictions

    @Flag(help: "Compare with the labels of the nearest training documents, as on the demo data.")
    var baseline = false

    @Option(help: ArgumentHelp("Format of the log: text or json.", valueName: "format"))
    var logFormat = LogFormat.text.rawValue

    @Flag(name: [.customShort("q"), .long], help: "Log only warnings and the final table.")
    var quiet = false

    func validate() throws {
        try OptionRanges.check(paths: ["--work": work, "--data": data, "--config": config, "--configs": configs])
    }

    /// Options that say which run it is, and whether they are given.
    var ofRun: [(String, Bool)] {
        [
            ("--work", work != "."), ("--data", data != nil), ("--dataset", dataset != nil), ("--framework", framework != nil),
            ("--arch", arch != nil), ("--version", version != "0"), ("--seeds", seeds != TrainArguments.defaultSeeds),
            ("--config", config != nil), ("--configs", configs != nil), ("--set", !settings.isEmpty), ("--baseline", baseline),
        ]
    }

    var arguments: TrainArguments {
        var arguments = TrainArguments()
        arguments.work = work
        arguments.data = data
        arguments.dataset = dataset
        arguments.framework = framework
        arguments.arch = arch
        arguments.version = version
        arguments.seeds = seeds
        arguments.config = config
        arguments.configs = configs
        arguments.settings = settings
        arguments.logFormat = logFormat
        arguments.quiet = quiet
        arguments.predictions = predictions
        arguments.baseline = baseline
        return arguments
    }
}
