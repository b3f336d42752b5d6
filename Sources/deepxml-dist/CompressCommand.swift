import ArgumentParser
import Coordinator
import Devices
import Foundation
import Learners
import Support
import Tools

extension NarrowWeights: ExpressibleByArgument {}

/// `deepxml-dist compress`: a smaller model of a trained learner.
struct CompressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compress",
        abstract: "Make a smaller model of a trained learner, and measure what it loses.",
        discussion: """
            The new folder predicts like any other model's, and holds what predict needs and nothing else: training cannot go on \
            from it. bfloat16 stores a weight in 16 bits, int8 in 8 bits with one scale per label. --prune leaves out the \
            smallest weights of sparse classifiers (SparseSlice, DiSMEC). Where test documents are found, P and PSP are measured \
            before and after: they are looked for in <data>/<data set of the model>.

            EXAMPLES
              deepxml-dist compress models/SparseSlice/Linear/PyPINames/v_0_22 --to small --precision int8 --data data
                  about a fifth of the size; prints P@k and PSP@k of both
              deepxml-dist compress models/SparseSlice/Linear/PyPINames/v_0_22 --to small --prune 0.4 --precision bfloat16
                  four of ten weights are left out, the others are stored in 16 bits
              deepxml-dist predict small --text new.txt
                  predict with the small model

            EXIT CODES
              0 done, 2 wrong usage or input, 3 the model is damaged, 4 out of memory or disk space
            """)

    @Argument(
        help: ArgumentHelp("A learner's folder: models/<framework>/<arch>/<dataset>/v_<version>_<seed>.", valueName: "model"),
        completion: .directory)
    var model: String

    @Option(
        name: .customLong("to"), help: ArgumentHelp("Folder to make.", valueName: "folder"), completion: .directory)
    var output: String
    @Option(help: ArgumentHelp("bfloat16 or int8. (default: 32-bit floats, as trained)", valueName: "precision"))
    var precision: NarrowWeights?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Share of the weights to leave out, the smallest first: from 0 to 1.", valueName: "share"))
    var prune = 0.0
    @Option(help: ArgumentHelp("Folder of data sets, for test documents.", valueName: "folder"), completion: .directory)
    var data = "data"
    @Option(help: ArgumentHelp("Data set in that folder. (default: the model's)", valueName: "name")) var dataset: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Threads. (default: all cores)", valueName: "count")) var threads: Int?
    @Flag(name: [.customShort("q"), .long], help: "Print nothing but errors.") var quiet = false
    @Flag(help: "Print JSON instead of text.") var json = false

    func validate() throws {
        try OptionRanges.check(threads: threads)
        try OptionRanges.check(paths: ["model": model, "--to": output, "--data": data, "--dataset": dataset])
    }

    func run() throws {
        var compression = Compression(
            model: model, output: output, layout: ServingLayout(weights: precision, pruned: prune))
        compression.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let folder = "\(data)/\(try dataset ?? compression.datasetName())"
        if isWanted(folder) { compression.trial = CompressionTrial(folder: folder) }
        let asked = compression
        let report = try CommandProgress("compressing", quiet: quiet).shown(asked.run)
        guard !quiet else { return }
        if json { return try StandardOutput.print(report.json) }
        try StandardOutput.print(report.text)
        if asked.trial == nil {
            try StandardOutput.print("not measured: there is no data set at \(folder); name one by --data and --dataset")
        }
    }

    /// A folder that was named must be there; the default one may be.
    private func isWanted(_ folder: String) -> Bool {
        dataset != nil || data != "data" || FileManager.default.fileExists(atPath: folder)
    }
}
