import ArgumentParser
import Foundation
import Tools

/// `deepxml-dist evaluate`: metrics of a file of predictions.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure predictions of any origin against labels.",
        discussion: """
            Prints P, nDCG, PSP, PSnDCG and R at 1 … 5 in per cent. Documents without a label don't count; ties go to the \
            smaller label. The predictions may be score.npz (scipy's CSR), score.h5, text (label:score …, a line a document), \
            JSON lines, or a learner's predictions.h5, which is measured at each β and stage by stage; the format is told \
            from the content.

            With --train-labels, propensities are known, and each figure is split by how often labels were trained on: the \
            labels are put in order of their training documents, the most frequent first; the head is those that make up \
            the first third of all (document, label) pairs of the training file, the torso the second third, the tail the \
            rest (with all labels that have no training document). A segment's P and R are what its labels add to those of \
            all: the three add up.

            EXAMPLES
              deepxml-dist evaluate --predictions a.npz --labels tst.txt --train-labels trn.txt
                  all metrics, and the split
              deepxml-dist evaluate --predictions p.h5 --labels tst.txt --beta .2,.5 --json
                  a learner at two β, for a program
            """)

    @Option(help: ArgumentHelp("Predictions: npz, HDF5, text or JSON lines.", valueName: "file"))
    var predictions: String

    @Option(help: ArgumentHelp("Labels of the same documents, in any format that training reads.", valueName: "file"))
    var labels: String

    @Option(help: ArgumentHelp("Labels of the training documents.", valueName: "file"))
    var trainLabels: String?

    @Option(help: ArgumentHelp("Pairs \"document label\" that are no predictions.", valueName: "file"))
    var filter: String?

    @Option(name: .customLong("A"), parsing: .unconditional, help: ArgumentHelp("A of the propensities.", valueName: "number"))
    var propensityA = 0.55

    @Option(name: .customLong("B"), parsing: .unconditional, help: ArgumentHelp("B of the propensities.", valueName: "number"))
    var propensityB = 1.5

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For predictions.h5: β, separated by commas; the first is that of the main table. (default: \(defaultBetas))",
            valueName: "list"))
    var beta: String?

    @Flag(help: "Print JSON, with the keys of metrics.json.") var json = false

    private static let defaultBetas = EvaluateOptions.defaultBetas.map { "\($0)" }.joined(separator: ",")

    func run() throws {
        var options = EvaluateOptions(
            predictions: predictions, labels: labels, threads: min(16, ProcessInfo.processInfo.activeProcessorCount))
        options.trainLabels = trainLabels
        options.filter = filter
        (options.A, options.B) = (propensityA, propensityB)
        if let beta { options.betas = try EvaluateOptions.betas(beta) }
        let evaluation = try Evaluation(options)
        print(json ? try evaluation.json() : evaluation.text, terminator: json ? "" : "\n")
    }
}
