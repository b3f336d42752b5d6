import ArgumentParser
import Foundation

/// `deepxml-dist merge`: an ensemble of learners that were trained apart.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merge learners that were trained in separate jobs into an ensemble.",
        discussion: """
            Sums the learners' scores and writes the ensemble's results and metrics.json, as `train` with all the seeds would. \
            Nothing is trained: every learner must already be trained, with the same config and on the same data. Pass the \
            same options as to the jobs that trained them (typically an array of `train --learners-only` jobs, one seed each).

            EXAMPLES
              deepxml-dist merge --work /run --data /xc --dataset EURLex-4K --seeds 108,666,786
                  an ensemble of three learners trained with the data set's config
              sbatch --dependency=afterok:$array launch/slurm/merge.sbatch
                  the same as a SLURM job that waits for the array to finish

            EXIT CODES
              0 done; 2 wrong usage, or a learner is missing or was trained with another config or other data;
              3 a learner's predictions are damaged; 4 out of memory or disk space
            """)

    @OptionGroup var selection: RunSelection

    func run() throws {
        var arguments = selection.arguments
        arguments.mergesOnly = true
        try Launcher.train(arguments)
    }
}
