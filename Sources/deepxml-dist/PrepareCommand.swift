import ArgumentParser
import Diagnostics
import Foundation
import Prepare

/// `deepxml-dist prepare`: makes a data set out of WordNet or of a person's own text.
struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Make a data set for training: the demo's, or one from your own text.",
        discussion: """
            Without --train, the demo: WordNet's noun synsets, with all their hypernyms as labels. With --train, your text, \
            one document a line: labels|separated<TAB>text, or {"text": "…", "labels": ["…"]}.
            """)

    enum Embeddings: String, ExpressibleByArgument, CaseIterable { case fasttext, none }

    @Flag(help: "Prepare the demo's data set (the default without --train).") var demo = false
    @Flag(help: "The demo with all synsets, not one in five.") var full = false
    @Option(help: "Your training documents: TSV or JSON lines.") var train: String?
    @Option(help: "Your test documents. Without it, every fifth training document (by seed) is one.") var test: String?
    @Option(help: "The data set's name (default: WordNetDemo, or the training file's).") var name: String?
    @Option(help: "The folder of data sets.") var data = "./data"
    @Option(help: "Seed of the sample, the 80:20 split and the embeddings.") var seed: UInt64 = 0
    @Option(help: "Features are tokens of at least so many training documents.") var minCount = 2
    @Option(help: "Labels are kept from so many training documents on.") var minLabelCount = 2
    @Option(help: "Token embeddings: fasttext or none.") var embeddings = Embeddings.fasttext
    @Option(help: "Threads of fastText; more than one is faster, but no two runs give the same bits.") var threads = 1
    @Flag(help: "Replace a data set of that name.") var force = false
    @Flag(help: "Say nothing but errors.") var quiet = false

    func validate() throws {
        if demo && train != nil { throw ValidationError("--demo and --train exclude each other") }
        if test != nil && train == nil { throw ValidationError("--test needs --train") }
        if full && train != nil { throw ValidationError("--full is for the demo; your own text is always taken whole") }
        for (flag, value) in [("--min-count", minCount), ("--min-label-count", minLabelCount), ("--threads", threads)]
        where value < 1 {
            throw ValidationError("\(flag) is \(value), expected 1 or more")
        }
    }

    func run() throws {
        let summary = try train.map(prepareOwn) ?? prepareDemo()
        if !quiet { print(summary) }
    }

    private var fastText: FastText? {
        guard embeddings == .fasttext else { return nil }
        var fastText = FastText()
        fastText.threads = threads
        fastText.seed = seed
        return fastText
    }

    private func log(_ line: String) {
        if !quiet { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
    }

    private func prepareDemo() throws -> PreparationSummary {
        try DemoData.prepare(
            into: data, name: name ?? DemoData.name, full: full, seed: seed, minCount: minCount, minLabelCount: minLabelCount,
            embeddings: fastText, force: force, log: log)
    }

    private func prepareOwn(_ file: String) throws -> PreparationSummary {
        let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        var preparation = Preparation(dataFolder: data, name: name ?? stem)
        preparation.minCount = minCount
        preparation.minLabelCount = minLabelCount
        preparation.embeddings = fastText
        preparation.force = force
        log("reading \(file)")
        var parts = (train: try DocumentReader.read(file), test: [Document]())
        if let test {
            log("reading \(test)")
            parts.test = try DocumentReader.read(test)
        } else {
            parts = DemoData.split(parts.train, seed: seed)
        }
        return try preparation.run(train: parts.train, test: parts.test, log: log)
    }
}
