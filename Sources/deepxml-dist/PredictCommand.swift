import ArgumentParser
import Coordinator
import Formats
import Foundation
import Messages
import Support
import Tools
import Transport

extension PredictionFormat: ExpressibleByArgument {}

/// `deepxml-dist predict`: labels of documents by a trained model.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict the labels of documents with a trained learner or ensemble.",
        discussion: """
            Documents are given as features (XC text, .npz, .npy, pickle) or as raw text, one document per line: the text \
            alone, labels<TAB>text, or JSON objects with "text", or with "title" and "content". An empty line counts as a \
            document. The scores are identical to those that training writes for the same documents, whatever the number of \
            ranks and threads.

            Scores are neither probabilities nor logits: the classifiers' probabilities and the shortlist's similarities are \
            each divided by the document's largest, so that the best label of a stage has 1, and summed with β; an ensemble's \
            scores are the sums of its learners'.

            EXAMPLES
              echo 'a small domestic animal' | deepxml-dist predict models/DeepXML-OVA/AstecPlain/WordNetDemo/v_0_22 --text -
                  one line of JSON: label names and scores, best first
              deepxml-dist predict models/DeepXML/Astec/EURLex-4K/v_0 --features tst_X_Xf.txt --to score.npz --top-k 5
                  an ensemble; SciPy can read the file
              mpirun -np 8 deepxml-dist predict models/DeepXML/Astec/EURLex-4K/v_0_22 --text new.txt --to new.jsonl
                  the documents are shared out among eight ranks; those of a node share one copy of the model

            EXIT CODES
              0 done, 2 wrong usage or input, 3 the model is damaged, 4 out of memory or disk space
            """)

    @Argument(
        help: ArgumentHelp(
            "A learner's folder (models/<framework>/<arch>/<dataset>/v_<version>_<seed>) or an ensemble's (v_<version>).",
            valueName: "model"), completion: .directory)
    var model: String

    @Option(
        help: ArgumentHelp("Documents as features; - is standard input: a line of id:value entries each.", valueName: "file"),
        completion: .file()) var features: String?
    @Option(help: ArgumentHelp("Documents as raw text; - is standard input.", valueName: "file"), completion: .file()) var text:
        String?
    @Option(
        name: .customLong("to"), help: ArgumentHelp("File to write; - is standard output.", valueName: "file"),
        completion: .file())
    var output = "-"
    @Option(
        help: ArgumentHelp(
            "Output format: npz, h5, text or jsonl. (default: from the file's extension, or else jsonl)", valueName: "format"))
    var format: PredictionFormat?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Labels per document. (default: as many as the model's config keeps)", valueName: "count"))
    var topK: Int?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Leave out labels that score less: 0 to 1 (an ensemble: the number of learners). (default: none are left out)",
            valueName: "score"))
    var threshold: Double?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Weight of the classifiers' scores, against the shortlist's. (default: the config's)", valueName: "share"))
    var beta: Double?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads per rank. (default: the node's cores divided among its ranks)", valueName: "count"))
    var threads: Int?
    @Option(
        help: ArgumentHelp(
            "What the ranks compute on: auto (GPUs where there is one for each, else CPUs), cpu, gpu, or gpu:N.",
            valueName: "device"))
    var device = "auto"
    @Flag(
        help: "Let GPUs with tensor cores multiply matrices of numbers rounded to bfloat16: faster, and no longer the CPU's bits."
    )
    var fastMath = false
    @Option(parsing: .unconditional, help: ArgumentHelp("Number of documents to score at a time.", valueName: "count"))
    var chunk = 4096
    @Flag(
        help: """
            Let each rank hold a run of the labels, and all score every document. (default: only where the model is larger than a \
            node's memory)
            """)
    var shardLabels = false
    @Flag(
        inversion: .prefixedNo,
        help: "Lay the model out in a file in its folder, once, which all ranks map instead of reading the model each.")
    var servingFile = true
    @Flag(name: [.customShort("q"), .long], help: "Print nothing but errors.") var quiet = false

    func validate() throws {
        do { _ = try DeviceRequest(parsing: device) } catch { throw ValidationError("\(error)") }
        guard (features == nil) != (text == nil) else {
            throw ValidationError("give either --features FILE or --text FILE (- is standard input)")
        }
        try OptionRanges.check(threads: threads)
        try OptionRanges.check(paths: ["model": model, "--features": features, "--text": text, "--to": output])
        for (name, value) in [("--top-k", topK), ("--chunk", chunk)] { try OptionRanges.check(name, value, OptionRanges.counts) }
        if let beta, !(0...1).contains(beta) { throw ValidationError("--beta is \(beta), expected a share from 0 to 1") }
    }

    func run() throws {
        if LaunchedRank.jobSize == 1 {
            var job = self.job
            job.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
            return say(try progress.shown(job.run))
        }
        let world = try MPICommunicator.start()
        do {
            if let summary = try overMPI(world) { say(summary) }
            try world.finish()
        } catch let ended as EndedTogether {
            if world.rank == 0 { CommandErrors.say(ended.failure) }
            try world.finish()
            Foundation.exit(ended.failure.code)
        } catch {
            let failure = error as? RankFailure ?? RankFailure(error, rank: world.rank, host: world.host)
            CommandErrors.say(failure)
            world.abort(code: failure.code)
        }
    }

    private func overMPI(_ world: MPICommunicator) throws -> PredictionSummary? {
        var job = self.job
        let ranks = try world.splitByNode().size
        job.threads = threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount / ranks)
        return world.rank == 0 ? try progress.shown { try job.run(over: world) } : try job.run(over: world)
    }

    /// Predictions that go to a terminal would be erased with the live line.
    private var progress: CommandProgress {
        CommandProgress("predicting", quiet: quiet || output == "-" && isatty(STDOUT_FILENO) == 1)
    }

    private var job: PredictionJob {
        var job = PredictionJob(model: model, input: features.map { .features($0) } ?? .text(text ?? "-"))
        job.output = output
        job.format = format
        job.topK = topK
        job.threshold = threshold
        if let request = try? DeviceRequest(parsing: device) { job.device = request }
        job.fastMath = fastMath
        job.beta = beta
        job.chunk = chunk
        job.shardsLabels = shardLabels ? true : nil
        job.makesFiles = servingFile
        let progress = progress
        job.notice = { progress.note($0) }
        return job
    }

    private func say(_ summary: PredictionSummary) {
        guard !quiet else { return }
        StandardError.print(summary.text(output: output, chunk: chunk))
    }
}
