import ArgumentParser
import Config

/// `deepxml-dist train`: the options as typed; `TrainOptions.resolve` checks them.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train an ensemble of learners, one per seed; merge and evaluate them.",
        discussion: """
            Under mpirun, rank 0 plans, merges and reports, and all other ranks train. To resume an interrupted run, give the \
            same command again: it continues from the newest checkpoint.

            EXAMPLES
              mpirun -np 8 deepxml-dist --seeds 108,666,786
                  train three learners on the demo data, in three groups of workers
              mpirun -np 3 deepxml-dist --dataset EURLex-4K --data /xc --work /run
                  read the data from /xc/EURLex-4K, write models/ and results/ to /run
              mpirun -np 3 deepxml-dist --framework DeepXML-OVA --dataset EURLex-4K
                  train one-vs-all classifiers of all labels, divided between two workers
              mpirun -np 3 deepxml-dist --dataset EURLex-4K --validation 0.1 --patience 3 --tune
                  hold out a tenth of the documents; stop where they say so, keep the best epoch, and choose settings
              deepxml-dist --config my.json --set extreme.num_epochs=5 --dry-run
                  print what this config would do in one process, without training

            EXIT CODES
              0 done; 2 wrong usage or input; 3 damaged checkpoint; 4 out of memory or disk space;
              75 interrupted: the same command continues the run
            """)

    @OptionGroup var selection: RunSelection

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Measure models on documents that are not trained on: a share of the training documents, such as 0.1, or files (the config's \
            val_feat_fname and val_label_fname).
            """, valueName: "share"))
    var validation: String?

    @Option(
        defaultAsFlag: "all",
        help: ArgumentHelp(
            """
            With --validation: choose settings after training: beta, propensity_weight, ensemble_weights; or all that apply, without a \
            value. (Under mpirun give it last, or --tune=all: Open MPI has an option of this name.)
            """, valueName: "settings"))
    var tune: String?

    @OptionGroup var chosen: ValidationSelection

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Write a checkpoint every so many epochs; 0 turns this off.", valueName: "epochs"))
    var checkpointEvery = TrainArguments.defaultCheckpointEvery

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Write a checkpoint every so many minutes; 0 turns this off.", valueName: "minutes"))
    var checkpointMinutes = TrainArguments.defaultCheckpointMinutes

    @Flag(exclusivity: .exclusive, help: "Continue from the newest checkpoint, or start over.")
    var start = Start.resume

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads per rank. (default: the node's cores divided among its ranks)", valueName: "count"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            """
            What the workers compute on: auto (GPUs where there is one for each worker, else CPUs), cpu, gpu, or gpu:N for one by its \
            number. docs/GPU.md says what is needed.
            """, valueName: "device"))
    var device = "auto"

    @Flag(
        help: """
            Let GPUs with tensor cores multiply matrices of numbers rounded to bfloat16: faster, and no longer the CPU's bits. CPUs and \
            other GPUs compute as without it.
            """)
    var fastMath = false

    @Flag(help: "Print the plan (groups, shards, memory per rank) without training.")
    var dryRun = false

    @Flag(help: "Train the learners but leave the ensemble to `merge`, for jobs that train one learner each.")
    var learnersOnly = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "End the job with exit code 75 when a rank has been silent for this many seconds; 0: never.", valueName: "seconds"))
    var silenceTimeout = TrainArguments.defaultSilenceTimeout

    @Option(
        help: ArgumentHelp("Write each event as a line of JSON to this file or pipe, too.", valueName: "file"),
        completion: .file())
    var events: String?

    @Option(
        help: ArgumentHelp("Write events for TensorBoard into this folder, too.", valueName: "dir"), completion: .directory)
    var tensorboard: String?

    enum Start: String, EnumerableFlag {
        case resume, fresh
    }

    func validate() throws { try OptionRanges.check(paths: ["--events": events, "--tensorboard": tensorboard]) }

    func run() throws { try Launcher.train(arguments) }

    private var arguments: TrainArguments {
        var arguments = selection.arguments
        arguments.checkpointEvery = checkpointEvery
        arguments.checkpointMinutes = checkpointMinutes
        arguments.fresh = start == .fresh
        arguments.threads = threads
        arguments.device = device
        arguments.fastMath = fastMath
        arguments.dryRun = dryRun
        arguments.learnersOnly = learnersOnly
        arguments.silenceTimeout = silenceTimeout
        arguments.events = events
        arguments.tensorBoard = tensorboard
        chosen.write(to: &arguments, validation: validation, tune: tune)
        return arguments
    }
}
