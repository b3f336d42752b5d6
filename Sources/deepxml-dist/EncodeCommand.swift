import ArgumentParser
import Coordinator
import Formats
import Foundation
import Learners
import Support
import Tools

extension SentenceSettings.Pooling: ExpressibleByArgument {}

/// `deepxml-dist encode`: document vectors as dense features.
struct EncodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "Write the vectors of documents: by a trained learner, or by pretrained weights as they are.",
        discussion: """
            The model is a learner's folder, or a folder of pretrained weights (BERT, DistilBERT, MiniLM, BGE, E5) as Hugging \
            Face lays it out, whose sentence-transformers files say how token vectors become one. Documents are given as \
            predict takes them: as raw text, one document per line, or as features; of pretrained weights, the word pieces \
            that prepare --pretrained writes. Row i of the file is document i; .npy is what training reads as dense features \
            (global.feature_type=dense), for Slice and for other programs.

            EXAMPLES
              deepxml-dist encode all-MiniLM-L6-v2 --text trn.txt --to trn_X.npy
                  the sentence embeddings of the lines of trn.txt
              deepxml-dist encode all-MiniLM-L6-v2 --features data/Mine/trn_X_seq.npz --to trn_X.npy
                  the same of a prepared data set
              deepxml-dist encode models/DeepXML-OVA/MiniLM/Mine/v_0_22 --text new.txt --to new.npy
                  what the classifiers of a trained learner see

            EXIT CODES
              0 done, 2 wrong usage or input, 3 a checkpoint is damaged, 4 out of memory or disk space
            """)

    @Argument(
        help: ArgumentHelp(
            "A learner's folder (models/<framework>/<arch>/<dataset>/v_<version>_<seed>) or one of pretrained weights.",
            valueName: "model"), completion: .directory)
    var model: String

    @Option(help: ArgumentHelp("Documents as raw text; - is standard input.", valueName: "file"), completion: .file()) var text:
        String?
    @Option(help: ArgumentHelp("Documents as features.", valueName: "file"), completion: .file()) var features: String?
    @Option(
        name: .customLong("to"), help: ArgumentHelp("File to write: .npy, .npz or .h5.", valueName: "file"), completion: .file())
    var output: String
    @Option(
        help: ArgumentHelp(
            "Of a learner: layer whose output is the vector. (default: intermediate)", valueName: "layer"))
    var layer: Extraction.Layer?
    @Option(help: ArgumentHelp("Of a learner: module to read from. (default: the classifiers' module)", valueName: "name"))
    var module: String?
    @Option(
        help: ArgumentHelp(
            "Of pretrained weights: how token vectors become one. (default: as their folder says, or else mean)",
            valueName: "pooling"))
    var pooling: SentenceSettings.Pooling?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Of pretrained weights: word pieces of a text that are read. (default: as their folder says)", valueName: "count"))
    var maxTokens: Int?
    @Flag(
        inversion: .prefixedNo,
        help: "Divide vectors by their length. (default: as the folder of pretrained weights says, or else not)")
    var normalize: Bool?
    @Option(parsing: .unconditional, help: ArgumentHelp("Threads. (default: all cores)", valueName: "count")) var threads: Int?
    @Option(parsing: .unconditional, help: ArgumentHelp("Number of documents to read at a time.", valueName: "count"))
    var chunk = 4096
    @Flag(name: [.customShort("q"), .long], help: "Print nothing but errors.") var quiet = false

    func validate() throws {
        guard (features == nil) != (text == nil) else {
            throw ValidationError("give either --text FILE (- is standard input) or --features FILE")
        }
        try OptionRanges.check(threads: threads)
        for (name, value) in [("--chunk", chunk), ("--max-tokens", maxTokens)] {
            try OptionRanges.check(name, value, OptionRanges.counts)
        }
        if maxTokens != nil, text == nil { throw ValidationError("--max-tokens goes with --text only") }
    }

    func run() throws {
        var job = EncodingJob(model: model, input: features.map { .features($0) } ?? .text(text ?? "-"), output: output)
        job.layer = layer
        job.module = module
        job.pooling = pooling
        job.maxTokens = maxTokens
        job.normalises = normalize
        job.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        job.chunk = chunk
        let asked = job
        let summary = try CommandProgress("encoding", quiet: quiet).shown(asked.run)
        if !quiet { try StandardOutput.print(summary.text(output: output)) }
    }
}
