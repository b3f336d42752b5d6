import ArgumentParser
import Foundation

/// `deepxml-dist merge`: an ensemble of learners that were trained apart.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Make an ensemble of learners that jobs of their own have trained.",
        discussion: """
            Sums the scores of the learners and writes the ensemble's results and metrics.json, as `train` with all the \
            seeds would. Nothing is trained: each learner must be there, trained with the same config on the same data. \
            Give the options below as to the jobs that trained them (an array of `train --learners-only`, one seed each).

            EXAMPLES
              deepxml-dist merge --work /run --data /xc --dataset EURLex-4K --seeds 108,666,786
                  the ensemble of three learners of the default config
              sbatch --dependency=afterok:$array launch/slurm/merge.sbatch
                  the same as a job that waits for an array of jobs

            EXIT CODES
              0 done, 2 wrong use, or a learner is missing or of another config or data,
              3 the predictions of a learner are damaged, 4 out of memory or disk
            """)

    @OptionGroup var selection: RunSelection

    func run() throws {
        var arguments = selection.arguments
        arguments.mergesOnly = true
        try Launcher.train(arguments)
    }
}
