import ArgumentParser
import Config

/// Options that `train` and `merge` share: which run it is, where it lies, and what is said and written.
struct RunSelection: ParsableArguments {
    @Option(help: ArgumentHelp("Root of models/ and results/.", valueName: "dir"))
    var work = "."

    @Option(help: ArgumentHelp("Root of the data sets' folders. (default: <work>/data)", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Data set: a folder in --data. (default: the demo's, prepared if missing)", valueName: "name"))
    var dataset: String?

    @Option(help: ArgumentHelp("Framework: DeepXML, DeepXML-OVA or DeepXML-ANNS.", valueName: "name"))
    var framework = "DeepXML"

    @Option(
        help: ArgumentHelp("Architecture: a name in configs/arch, or a JSON file. (default: the config's)", valueName: "name"))
    var arch: String?

    @Option(help: ArgumentHelp("Label of the run, in paths of models and results.", valueName: "label"))
    var version = "0"

    @Option(parsing: .unconditional, help: ArgumentHelp("Seeds, separated by commas: one learner each.", valueName: "list"))
    var seeds = TrainArguments.defaultSeeds

    @Option(
        help: ArgumentHelp(
            "Config file. (default: configs/<framework>/<dataset>.json, else configs/<framework>/default.json)", valueName: "file"
        ))
    var config: String?

    @Option(help: ArgumentHelp("Folder of configs. (default: ./configs, else the program's own)", valueName: "dir"))
    var configs: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp(
            "Set a key of the config; may be repeated. Example: extreme.num_epochs=5", valueName: "section.key=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp(
            "Forms of the scores, separated by commas: npz, h5, text, jsonl; or none.", valueName: "formats"))
    var predictions = TrainArguments.defaultPredictions

    @Option(help: ArgumentHelp("Log events as text or json.", valueName: "format"))
    var logFormat = LogFormat.text.rawValue

    @Flag(name: [.customShort("q"), .long], help: "Log warnings and the final table only.")
    var quiet = false

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
        return arguments
    }
}
