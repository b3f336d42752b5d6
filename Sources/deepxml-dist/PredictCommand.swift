import ArgumentParser
import Formats
import Foundation
import Messages
import Tools
import Transport

extension PredictionFormat: ExpressibleByArgument {}

/// `deepxml-dist predict`: labels of documents by a trained model.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict labels of documents with a trained learner or ensemble.",
        discussion: """
            Documents come as features (XC text, .npz, .npy, pickle) or as raw text, one a line: the text alone, \
            labels<TAB>text, or JSON lines with "text", or "title" and "content". An empty line is a document too. The scores \
            are those that training writes for the same documents, whatever the number of ranks and threads.

            EXAMPLES
              echo 'a small domestic animal' | deepxml-dist predict models/DeepXML/Astec/WordNetDemo/v_0_22 --text -
                  one line of JSON: the labels' names and scores, best first
              deepxml-dist predict models/DeepXML/Astec/EURLex-4K/v_0 --features tst_X_Xf.txt --to score.npz --top-k 5
                  an ensemble; scipy reads the file
              mpirun -np 8 deepxml-dist predict models/DeepXML/Astec/EURLex-4K/v_0_22 --text new.txt --to new.jsonl
                  documents dealt out to eight ranks

            EXIT CODES
              0 done, 2 wrong use or input, 3 the model is damaged, 4 out of memory or disk
            """)

    @Argument(
        help: ArgumentHelp(
            "A learner's folder (models/<framework>/<arch>/<dataset>/v_<version>_<seed>) or an ensemble's (v_<version>).",
            valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("Documents as features.", valueName: "file")) var features: String?
    @Option(help: ArgumentHelp("Documents as raw text; - is standard input.", valueName: "file")) var text: String?
    @Option(name: .customLong("to"), help: ArgumentHelp("File to write; - is standard output.", valueName: "file"))
    var output = "-"
    @Option(
        help: ArgumentHelp("npz, h5, text or jsonl. (default: as the file's name ends, else jsonl)", valueName: "format"))
    var format: PredictionFormat?
    @Option(help: ArgumentHelp("Labels a document. (default: as many as the model's config keeps)", valueName: "count"))
    var topK: Int?
    @Option(help: ArgumentHelp("Weight of the classifiers against the shortlist. (default: the config's)", valueName: "share"))
    var beta: Double?
    @Option(help: ArgumentHelp("Threads a rank. (default: the node's cores shared out among its ranks)", valueName: "count"))
    var threads: Int?
    @Option(help: ArgumentHelp("Documents scored at a time.", valueName: "count")) var chunk = 4096
    @Flag(name: [.customShort("q"), .long], help: "Say nothing but errors.") var quiet = false

    func validate() throws {
        guard (features == nil) != (text == nil) else {
            throw ValidationError("give either --features FILE or --text FILE (- is standard input)")
        }
        for (name, value) in [("--threads", threads), ("--top-k", topK), ("--chunk", chunk)] {
            if let value, value < 1 { throw ValidationError("\(name) is \(value), expected 1 or more") }
        }
        if let beta, !(0...1).contains(beta) { throw ValidationError("--beta is \(beta), expected a share from 0 to 1") }
    }

    func run() throws {
        if LaunchedRank.jobSize == 1 {
            var job = self.job
            job.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
            return say(try job.run())
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
        return try job.run(over: world)
    }

    private var job: PredictionJob {
        var job = PredictionJob(model: model, input: features.map { .features($0) } ?? .text(text ?? "-"))
        job.output = output
        job.format = format
        job.topK = topK
        job.beta = beta
        job.chunk = chunk
        return job
    }

    private func say(_ summary: PredictionSummary) {
        guard !quiet else { return }
        FileHandle.standardError.write(Data("\(summary.text(output: output, chunk: chunk))\n".utf8))
    }
}
