import ArgumentParser
import Config
import Coordinator
import Foundation
import Reports
import Support
import Tools

/// `deepxml-dist merge`: an ensemble of learners that were trained apart, ours or other programs'.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merge learners that were trained in separate jobs, or by other programs, into an ensemble.",
        discussion: """
            Without files it sums the scores of this run's learners and writes the ensemble's results and metrics.json, as \
            `train` with all the seeds would. Nothing is trained: every learner must already be trained, with the same config \
            and on the same data. Pass the same options as to the jobs that trained them (typically an array of `train \
            --learners-only` jobs, one seed each).

            With files it merges any learners: score files (npz, HDF5, text, JSON lines) of any program, or folders of our \
            results, of whatever framework, for the same documents in the same order. Each learner's scores are brought to \
            0 … 1 (--normalise), multiplied by its weight, and summed.

            EXAMPLES
              deepxml-dist merge --work /run --data /xc --dataset EURLex-4K --seeds 108,666,786
                  an ensemble of three learners trained with the data set's config
              deepxml-dist merge results/DiSMEC/…/v_0_22 results/DeepXML/…/v_0 pecos.npz --weights 1,2,1 --output both \\
                  --labels tst_X_Y.txt --train-labels trn_X_Y.txt
                  unlike learners, weighted, and what the ensemble is worth
              deepxml-dist merge a.npz b.npz --tune --validation a_val.npz,b_val.npz --validation-labels val_Y.txt --output both
                  weights chosen on validation documents

            EXIT CODES
              0 done; 2 wrong usage, or a learner is missing or was trained with another config or other data;
              3 a learner's predictions are damaged; 4 out of memory or disk space
            """)

    @Argument(
        help: ArgumentHelp(
            "Score files or folders of results, one a learner. (default: the learners of --seeds)", valueName: "file"),
        completion: .file())
    var files: [String] = []

    @OptionGroup var selection: RunSelection

    @Option(help: ArgumentHelp("With files: weights, separated by commas. (default: all 1)", valueName: "list"))
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "With files: how scores are made comparable: auto, max, sigmoid or none. (default: auto)", valueName: "method"))
    var normalise: String?

    @Flag(help: "Choose weights on validation documents; without files, all settings that `train --tune` chooses after training.")
    var tune = false

    @Option(
        help: ArgumentHelp("Without files: the settings after `train --tune`, where it had a value.", valueName: "settings"))
    var tuneSettings: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For --tune: the learners' scores of validation documents, separated by commas. Without files: as for `train`.",
            valueName: "files"))
    var validation: String?

    @OptionGroup var chosen: ValidationSelection

    @Option(help: ArgumentHelp("For --tune: the labels of these documents.", valueName: "file"), completion: .file())
    var validationLabels: String?

    @Option(
        help: ArgumentHelp(
            "With files, for --tune: what is maximised, such as P@1, nDCG@5 or R@5. (default: nDCG@5)", valueName: "metric"))
    var metric: String?

    @Option(
        help: ArgumentHelp("With files: folder for the ensemble's scores and metrics.json.", valueName: "dir"),
        completion: .directory)
    var output: String?

    @Option(help: ArgumentHelp("With files: true labels, to evaluate the ensemble.", valueName: "file"), completion: .file())
    var labels: String?

    @Option(
        help: ArgumentHelp("With files: labels of the training documents, for propensities.", valueName: "file"),
        completion: .file())
    var trainLabels: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("With files: predictions kept a document. (default: 100)", valueName: "count")
    )
    var topK: Int?

    @Option(
        help: ArgumentHelp(
            "Where the page of the ensemble is written, too. With files: needs --labels. (default: report.html among the results)",
            valueName: "file"), completion: .file())
    var report: String?

    func validate() throws {
        try OptionRanges.check(paths: [
            "--output": output, "--labels": labels, "--train-labels": trainLabels, "--validation-labels": validationLabels,
            "--report": report,
        ])
    }

    func run() throws {
        if !files.isEmpty { return try mergeFiles() }
        let forFiles: [(String, Bool)] = [
            ("--weights", weights != nil), ("--normalise", normalise != nil), ("--validation-labels", validationLabels != nil),
            ("--metric", metric != nil), ("--output", output != nil), ("--labels", labels != nil),
            ("--train-labels", trainLabels != nil), ("--top-k", topK != nil),
        ]
        try Self.refuse(
            forFiles, "options for score files, and no files", expected: "two or more score files or folders of results",
            advice: "name them after `merge`, or leave these options out")
        try ReportPage.check(report, option: "--report")
        var arguments = selection.arguments
        arguments.mergesOnly = true
        chosen.write(to: &arguments, validation: validation, tune: tuneSettings ?? (tune ? "all" : nil))
        let options = try Launcher.train(arguments)
        if let report, LaunchedRank.current == 0 {
            var page = RunReports(folders: [options.resultFolder])
            page.output = report
            _ = try page.write()
        }
    }

    /// - Parameter options: those that would have no effect, and whether they are given.
    private static func refuse(_ options: [(String, Bool)], _ problem: String, expected: String, advice: String) throws {
        let given = options.filter(\.1).map(\.0)
        guard !given.isEmpty else { return }
        throw Failure(
            .usage, problem, at: "merge", found: given.joined(separator: ", "), expected: expected, advice: advice)
    }

    private func mergeFiles() throws {
        try Self.refuse(
            selection.ofRun + chosen.given + [("--tune-settings", tuneSettings != nil)],
            "options for a run's learners, and score files", expected: "options that --help says are with files",
            advice: "leave these options out; weights are chosen by --metric")
        guard let output else {
            throw Failure(
                .usage, "no folder for the ensemble", at: "--output", expected: "a folder, which is made where it is missing")
        }
        if report != nil, labels == nil {
            throw Failure(
                .usage, "a page of figures needs true labels", at: "--report", expected: "--labels, and --train-labels for PSP",
                advice: "name the test labels by --labels, or leave --report out")
        }
        for (option, value, partner) in [
            ("--metric", metric, tune ? "" : "--tune"), ("--train-labels", trainLabels, labels == nil ? "--labels" : ""),
        ]
        where value != nil && !partner.isEmpty {
            throw Failure(
                .usage, "an option that has no effect", at: option, found: value ?? "", expected: "\(partner) beside it",
                advice: "give \(partner), or leave \(option) out")
        }
        try ReportPage.check(report, option: "--report")
        var merge = FileMerge(inputs: files)
        merge.weights = try weights.map { try Self.numbers($0, of: "--weights") }
        let normalise = self.normalise ?? FileMerge.Normalisation.auto.rawValue, topK = self.topK ?? 100
        guard let method = FileMerge.Normalisation(rawValue: normalise) else {
            let names = FileMerge.Normalisation.allCases.map(\.rawValue)
            throw Failure(
                .usage, "unknown method \"\(normalise)\"", at: "--normalise", found: normalise,
                expected: names.joined(separator: ", "),
                advice: suggestion(for: normalise, among: names).map { "did you mean \($0)?" } ?? "")
        }
        guard (1...1_000_000).contains(topK) else {
            throw Failure(.usage, "--top-k is out of range", at: "--top-k", found: "\(topK)", expected: "1 to 1000000")
        }
        merge.normalisation = method
        merge.topK = topK
        merge.threads = min(16, ProcessInfo.processInfo.activeProcessorCount)
        merge.tuning = try tuning()
        var written = try MergedFiles(folder: output, formats: selection.predictions)
        written.page = report
        try written.checkKept(merge, labels: [labels, trainLabels])
        let saving = written
        let progress = CommandProgress("merging", quiet: selection.quiet)
        let saved = try progress.shown {
            let result = try merge.run()
            if !selection.quiet { result.notices.forEach { StandardError.print($0) } }
            return try saving.write(result, of: merge, labels, trainLabels)
        }
        try StandardOutput.print(saved.text)
    }

    private func tuning() throws -> FileMerge.Tuning? {
        if !tune, validation == nil, validationLabels == nil { return nil }
        guard tune, let validation, let validationLabels else {
            throw Failure(
                .usage, "weights are chosen on scores and labels of validation documents", at: "--tune",
                found: [
                    tune ? "--tune" : nil, validation.map { _ in "--validation" },
                    validationLabels.map { _ in "--validation-labels" },
                ]
                .compactMap { $0 }.joined(separator: ", "),
                expected: "--tune, --validation FILE,FILE,… and --validation-labels FILE together",
                advice: "predict writes the scores of any documents")
        }
        let files = validation.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return FileMerge.Tuning(inputs: files, labels: validationLabels, metric: try RankingMetric(metric ?? "nDCG@5"))
    }

    private static func numbers(_ text: String, of flag: String) throws -> [Double] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let number = Double(word.trimmingCharacters(in: .whitespaces)) else {
                throw Failure(.usage, "no list of numbers", at: flag, found: text, expected: "numbers separated by commas: 1,0.5")
            }
            return number
        }
    }
}
