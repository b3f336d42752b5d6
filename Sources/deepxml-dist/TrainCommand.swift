import ArgumentParser
import Foundation
import XCData

/// `deepxml-dist train`: the options as typed; `TrainOptions.resolve` checks them.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train an ensemble of learners, one a seed, merge and score them.",
        discussion: """
            Run under mpirun, rank 0 plans, merges and reports, and all other ranks train. A run that was stopped goes on \
            from its newest checkpoint when the same command is given again.

            EXAMPLES
              mpirun -np 8 deepxml-dist --seeds 108,666,786
                  three learners on the demo data, in three groups of workers
              mpirun -np 3 deepxml-dist --dataset EURLex-4K --data /xc --work /run
                  data from /xc/EURLex-4K; models/ and results/ go to /run
              mpirun -np 3 deepxml-dist --framework DeepXML-OVA --dataset EURLex-4K
                  one-vs-all classifiers of all labels, cut among two workers
              deepxml-dist --config my.json --set extreme.num_epochs=5 --dry-run
                  prints what this config would do on one process, and trains nothing

            EXIT CODES
              0 done, 2 wrong use or input, 3 damaged checkpoint,
              4 out of memory or disk, 75 interrupted: the same command goes on
            """)

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
        parsing: .unconditional, help: ArgumentHelp("Epochs between two checkpoints; 0: none by epochs.", valueName: "epochs"))
    var checkpointEvery = TrainArguments.defaultCheckpointEvery

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Minutes between two checkpoints; 0: none by time.", valueName: "minutes"))
    var checkpointMinutes = TrainArguments.defaultCheckpointMinutes

    @Flag(exclusivity: .exclusive, help: "Go on from the newest checkpoint, or start over.")
    var start = Start.resume

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads a rank. (default: the node's cores shared out among its ranks)", valueName: "count"))
    var threads: Int?

    @Flag(help: "Print the plan (groups, shards, memory a rank) and train nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("Log events as text or json.", valueName: "format"))
    var logFormat = LogFormat.text.rawValue

    @Option(
        help: ArgumentHelp(
            "Forms of the scores, separated by commas: npz, h5, text, jsonl; or none.", valueName: "formats"))
    var predictions = TrainArguments.defaultPredictions

    @Flag(name: [.customShort("q"), .long], help: "Log warnings and the final table only.")
    var quiet = false

    enum Start: String, EnumerableFlag {
        case resume, fresh
    }

    func run() throws {
        try Launcher.train(
            TrainOptions.resolve(
                arguments, workingDirectory: FileManager.default.currentDirectoryPath, executable: TrainCommand.executablePath))
    }

    private var arguments: TrainArguments {
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
        arguments.checkpointEvery = checkpointEvery
        arguments.checkpointMinutes = checkpointMinutes
        arguments.fresh = start == .fresh
        arguments.threads = threads
        arguments.dryRun = dryRun
        arguments.logFormat = logFormat
        arguments.quiet = quiet
        arguments.predictions = predictions
        return arguments
    }

    private static var executablePath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
