import ArgumentParser
import Coordinator
import Foundation
import Reports
import Support
import Tools

/// `deepxml-dist evaluate`: metrics of a file of predictions.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Evaluate predictions, from any program, against the true labels.",
        discussion: """
            Prints P, nDCG, PSP, PSnDCG and R at 1 … 5, in per cent. Documents without a label are not counted; ties are \
            broken in favour of the smaller label id. Predictions may be score.npz (SciPy's CSR), score.h5, text \
            (label:score …, one line per document), JSON lines, or a learner's predictions.h5, which is evaluated for each β \
            and for each stage. The format is detected from the content.

            --train-labels gives the propensities, and splits each figure by how frequent the labels are in training. Labels \
            are sorted by their number of training documents, most frequent first: the head is the labels that make up the \
            first third of all (document, label) pairs of the training file, the torso the second third, and the tail the \
            rest, including all labels without a training document. The P and R of a segment are what its labels contribute \
            to the total: the three segments add up.

            Micro and macro F1 and coverage take the best 1 … 5 labels of each document, or those that score at least \
            --threshold P, as sets, and count by label, over all documents, as scikit-learn does with zero_division=0: micro \
            sums over labels, macro is the mean over all labels. Coverage is the share of the labels that test documents have \
            which are predicted for at least one of these documents.

            --among FILE measures some labels only, such as those that no training document had: they are ranked among \
            themselves, and below that among all labels.

            EXAMPLES
              deepxml-dist evaluate --predictions a.npz --labels tst.txt --train-labels trn.txt
                  all metrics, split into head, torso and tail
              deepxml-dist evaluate --predictions p.h5 --labels tst.txt --beta .2,.5 --json
                  a learner at two values of β, as JSON
            """)

    @Option(help: ArgumentHelp("Predictions: npz, HDF5, text or JSON lines.", valueName: "file"), completion: .file())
    var predictions: String

    @Option(
        help: ArgumentHelp("True labels of the same documents, in any format that training reads.", valueName: "file"),
        completion: .file())
    var labels: String

    @Option(help: ArgumentHelp("Labels of the training documents.", valueName: "file"), completion: .file())
    var trainLabels: String?

    @Option(
        help: ArgumentHelp("File of \"document label\" pairs to leave out of the predictions.", valueName: "file"),
        completion: .file())
    var filter: String?

    @Option(
        help: ArgumentHelp("File of the labels that count, one per line. (default: all)", valueName: "file"),
        completion: .file())
    var among: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Measure the labels that score at least this as a set, too; scores are taken as the file has them.",
            valueName: "score"))
    var threshold: Double?

    @Option(
        name: .customLong("A"), parsing: .unconditional,
        help: ArgumentHelp("Parameter A of the propensity model.", valueName: "number"))
    var propensityA = 0.55

    @Option(
        name: .customLong("B"), parsing: .unconditional,
        help: ArgumentHelp("Parameter B of the propensity model.", valueName: "number"))
    var propensityB = 1.5

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For predictions.h5: values of β, separated by commas; the main table uses the first. (default: \(defaultBetas))",
            valueName: "list"))
    var beta: String?

    @Option(
        help: ArgumentHelp("Write a page of the figures as well: HTML in one file.", valueName: "file"), completion: .file())
    var report: String?

    @Flag(help: "Print JSON with the same keys as metrics.json.") var json = false

    private static let defaultBetas = EvaluateOptions.defaultBetas.map { "\($0)" }.joined(separator: ",")

    func validate() throws {
        try OptionRanges.check(paths: [
            "--predictions": predictions, "--labels": labels, "--train-labels": trainLabels, "--filter": filter, "--among": among,
            "--report": report,
        ])
    }

    func run() throws {
        try checkKept([predictions, labels, trainLabels, filter, among], by: report, option: "--report")
        try ReportPage.check(report, option: "--report")
        var options = EvaluateOptions(
            predictions: predictions, labels: labels, threads: min(16, ProcessInfo.processInfo.activeProcessorCount))
        options.trainLabels = trainLabels
        options.filter = filter
        options.among = among
        options.threshold = threshold
        (options.A, options.B) = (propensityA, propensityB)
        if let beta { options.betas = try EvaluateOptions.betas(beta) }
        options.keepsDocuments = report != nil
        let asked = options
        let evaluation = try CommandProgress("evaluating").shown { try Evaluation(asked) }
        if let report { try ReportPage(evaluation.report(asked)).write(to: report) }
        evaluation.notices.forEach { StandardError.print($0) }
        if beta != nil, evaluation.beta == nil {
            StandardError.print(
                "\(predictions): one score a label, so that --beta has no effect; a learner's predictions.h5 has two")
        }
        if json, let nothing = evaluation.nothing { StandardError.print("\(labels): \(nothing)") }
        try StandardOutput.print(json ? try evaluation.json() : evaluation.text, terminator: json ? "" : "\n")
    }
}
