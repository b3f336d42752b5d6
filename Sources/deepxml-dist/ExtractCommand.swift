import ArgumentParser
import Coordinator
import Foundation
import Inference
import Learners
import Support

extension Extraction.What: ExpressibleByArgument {}
extension Extraction.Layer: ExpressibleByArgument {}

/// `deepxml-dist extract`: a matrix out of a trained learner.
struct ExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Export document embeddings, token embeddings or classifier weights of a trained learner.",
        discussion: """
            Row l of the classifier weights belongs to label id l, and the last column holds the biases; a label without a \
            training document has a row of zeros. The file's extension sets the format: .npy, .npz or .h5 (32-bit floats, in \
            C order).

            EXAMPLES
              deepxml-dist extract models/DeepXML/Astec/EURLex-4K/v_0_22 --what classifier-weights --to weights.npy
                  a matrix of labels × (dimensions + 1)
              deepxml-dist extract models/DeepXML/Astec/EURLex-4K/v_0_22 --what document-embeddings \\
                  --features data/EURLex-4K/tst_X_Xf.txt --layer final --to test.h5
                  the vectors of the test documents as the classifiers see them
              deepxml-dist extract models/DeepXML/Astec/EURLex-4K/v_0_22 --what token-embeddings --module reranker --to tokens.npz
                  the re-ranker's own embeddings instead of those of module I

            EXIT CODES
              0 done, 2 wrong usage or input, 3 a checkpoint is damaged, 4 out of memory or disk space
            """)

    @Argument(
        help: ArgumentHelp("A learner's folder: models/<framework>/<arch>/<dataset>/v_<version>_<seed>.", valueName: "model"),
        completion: .directory)
    var model: String

    @Option(help: ArgumentHelp("What to extract.", valueName: "what")) var what: Extraction.What
    @Option(name: .customLong("to"), help: ArgumentHelp("File to write.", valueName: "file"), completion: .file())
    var output: String
    @Option(help: ArgumentHelp("Documents to embed: XC text, or SciPy's .npz.", valueName: "file"), completion: .file())
    var features: String?
    @Option(help: ArgumentHelp("Layer whose output is the document embedding.", valueName: "layer")) var layer: Extraction.Layer =
        .intermediate
    @Option(
        help: ArgumentHelp(
            "Module to read from. (default: the classifiers' module; for token embeddings, the first)", valueName: "name"))
    var module: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Threads. (default: all cores)", valueName: "count")) var threads: Int?
    @Flag(name: [.customShort("q"), .long], help: "Print nothing but errors.") var quiet = false

    func validate() throws {
        try OptionRanges.check(threads: threads)
        try OptionRanges.check(paths: ["model": model, "--to": output, "--features": features])
        if features != nil, what != .documentEmbeddings {
            throw ValidationError("--features goes with --what document-embeddings only")
        }
    }

    func run() throws {
        _ = try ExtractedFile.format(of: output)
        try checkKept([features] + TrainedModel.files(of: model), by: output, option: "--to")
        let learner = try ModelChoice.learner(model)
        var extraction = Extraction(what)
        extraction.module = module
        extraction.layer = layer
        extraction.features = features
        extraction.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let matrix = try CommandProgress("extracting", quiet: quiet).shown {
            let matrix = try extraction.matrix(of: learner)
            try ExtractedFile.write(
                matrix, to: output, name: what.arrayName,
                attributes: ["model": .string(learner.folder), "what": .string(what.rawValue)])
            return matrix
        }
        if !quiet { try StandardOutput.print("\(output): \(what.rawValue), \(matrix.rows)×\(matrix.cols)") }
    }
}
