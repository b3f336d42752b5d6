import ArgumentParser
import Config

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

    @OptionGroup var selection: RunSelection

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

    @Flag(help: "Train the learners, and leave the ensemble to `merge`: for jobs that train one learner each.")
    var learnersOnly = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Seconds without a sign of life of a rank after which the job ends with 75; 0: never.", valueName: "seconds"))
    var silenceTimeout = TrainArguments.defaultSilenceTimeout

    enum Start: String, EnumerableFlag {
        case resume, fresh
    }

    func run() throws { try Launcher.train(arguments) }

    private var arguments: TrainArguments {
        var arguments = selection.arguments
        arguments.checkpointEvery = checkpointEvery
        arguments.checkpointMinutes = checkpointMinutes
        arguments.fresh = start == .fresh
        arguments.threads = threads
        arguments.dryRun = dryRun
        arguments.learnersOnly = learnersOnly
        arguments.silenceTimeout = silenceTimeout
        return arguments
    }
}
