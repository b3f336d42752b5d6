import ArgumentParser

/// `deepxml-dist`: without a subcommand it trains.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deepxml-dist",
        abstract: "Distributed training of extreme multi-label classifiers (DeepXML, Astec) over MPI.",
        discussion: """
            Without a subcommand it trains: `deepxml-dist --seeds 1,2` is `deepxml-dist train --seeds 1,2`, \
            and with no option at all it trains one learner on the demo data.

            EXAMPLES
              mpirun -np 8 deepxml-dist --seeds 108,666,786       an ensemble of three on the demo data
              deepxml-dist train --help                           every option of training
            """,
        subcommands: [TrainCommand.self],
        defaultSubcommand: TrainCommand.self)
}
