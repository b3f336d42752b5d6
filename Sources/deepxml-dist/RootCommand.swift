import ArgumentParser
import Support

/// `deepxml-dist`: without a subcommand it trains.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deepxml-dist",
        abstract: "Distributed training of extreme multi-label classifiers (DeepXML, Astec) over MPI.",
        discussion: """
            Without a subcommand it trains: `deepxml-dist --seeds 1,2` is the same as `deepxml-dist train --seeds 1,2`. \
            Without any option it trains one learner on the demo data.

            EXAMPLES
              mpirun -np 8 deepxml-dist --seeds 108,666,786
                  train an ensemble of three learners on the demo data
              deepxml-dist train --help
                  describe every option of training
            """,
        version: isAskedAboutItself ? "deepxml-dist \(programVersion)" : "",
        subcommands: [
            TrainCommand.self, MergeCommand.self, PrepareCommand.self, PredictCommand.self, ConvertCommand.self,
            EvaluateCommand.self,
            InspectCommand.self,
            DoctorCommand.self, ExtractCommand.self, EncodeCommand.self, CompressCommand.self, PlanCommand.self,
            ReportCommand.self,
            WatchCommand.self,
        ],
        defaultSubcommand: TrainCommand.self)

    /// Whether the words are for the program as a whole. To `train` and `merge`, `--version` is the name of a run, so that the
    /// program's own version must be unknown to the parser (and to their help) whenever there are other words.
    private static var isAskedAboutItself: Bool {
        let words = Array(CommandLine.arguments.dropFirst())
        return words.count == 1 && ["--version", "--help", "-h", "help", "--experimental-dump-help"].contains(words[0])
    }

    /// Refuses a first word that is no subcommand: the default one takes no bare words, and would call it unexpected.
    static func checkSubcommand(_ arguments: [String]) throws {
        let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard let word = arguments.first, !word.hasPrefix("-"), !known.contains(word) else { return }
        throw Failure(
            .usage, "unknown subcommand \"\(word)\"", at: "deepxml-dist", found: word, expected: known.joined(separator: ", "),
            advice: suggestion(for: word, among: known).map { "did you mean \"\($0)\"?" } ?? "see deepxml-dist --help")
    }
}
