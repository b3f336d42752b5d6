import ArgumentParser
import Coordinator
import Foundation
import Prepare
import Support

extension TextFields: ExpressibleByArgument {}

/// `deepxml-dist prepare`: makes a data set out of WordNet or of a person's own text.
struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Make a data set for training: the demo's, or one from your own text.",
        discussion: """
            Without --train, it makes the demo's data set: WordNet's noun synsets, with all their hypernyms as labels. With \
            --train, it reads your text, one document per line: labels|separated<TAB>text, or {"text": "…", "labels": ["…"]}, \
            or the raw JSON of the XC repository, {"title": "…", "content": "…", "target_ind": [0, 7]}. Gzip-compressed files \
            are read directly.

            EXAMPLES
              deepxml-dist prepare
              deepxml-dist prepare --demo --label-text
              deepxml-dist prepare --train mail.tsv --name Mail
              deepxml-dist prepare --train trn.json.gz --test tst.json.gz --label-text lbl.json.gz --name LF-AmazonTitles-131K \
            --text title --min-label-count 1 --keep-all-labels
              deepxml-dist prepare --train trn.json.gz --test tst.json.gz --label-text lbl.json.gz --filter-self --text title \
            --keep-all-labels
              deepxml-dist prepare --train mail.tsv --pretrained all-MiniLM-L6-v2 --max-tokens 64
              deepxml-dist prepare --train mail.tsv --subwords ngrams --max-features 200000 --name MailSub
            """)

    enum Embeddings: String, ExpressibleByArgument, CaseIterable { case fasttext, none }
    enum Subwords: String, ExpressibleByArgument, CaseIterable { case ngrams, bpe, none }

    @Flag(help: "Prepare the demo's data set (the default without --train).") var demo = false
    @Flag(help: "Use all synsets for the demo instead of one in five.") var full = false
    @Option(help: "Training documents: TSV, JSON lines or raw XC JSON, optionally gzip-compressed.", completion: .file())
    var train: String?
    @Option(help: "Test documents. (default: a random fifth of the training documents, drawn with --seed)", completion: .file())
    var test: String?
    @Option(help: "Raw XC JSON: fields to use as the text: title, content or both. (default: both)") var text: TextFields?
    @Option(
        defaultAsFlag: "",
        help: ArgumentHelp(
            """
            Write features of the labels' texts too: of WordNet's lemmas and definitions, of the labels' names, or of FILE, which for \
            raw XC JSON gives the names as well (lbl.json.gz or Y.txt), and otherwise has a line label<TAB>text for each label.
            """, valueName: "file"), completion: .file())
    var labelText: String? = nil
    @Option(
        help: "Add features of the labels' texts to this data set: of --label-text, lbl_raw.txt or the labels' names.",
        completion: .directory)
    var labelTextFor: String?
    @Flag(help: "Raw XC JSON: keep every label, so that column i is label i.") var keepAllLabels = false
    @Flag(
        help: """
            Labels are documents too (LF sets): write filter_labels_train.txt and filter_labels_test.txt, the pairs of a document and a \
            label with the same title, which are removed from predictions.
            """)
    var filterSelf = false
    @Option(help: "Name of the data set. (default: WordNetDemo, or the training file's name)") var name: String?
    @Option(help: "Folder of data sets.", completion: .directory) var data = "./data"
    @Option(parsing: .unconditional, help: "Seed for the sample, the 80:20 split and the embeddings.") var seed: UInt64 = 0
    @Option(parsing: .unconditional, help: "Keep tokens and subwords that occur in at least this many training documents.")
    var minCount = 2
    @Option(parsing: .unconditional, help: "Keep at most this many features: those in the most training documents.")
    var maxFeatures: Int?
    @Option(help: "Additional features: ngrams (character n-grams), bpe or none.") var subwords = Subwords.none
    @Option(parsing: .unconditional, help: "Shortest n-gram, counting the word boundary marks < and >. (default: 3)")
    var subwordMin: Int?
    @Option(parsing: .unconditional, help: "Longest n-gram. (default: 6)") var subwordMax: Int?
    @Option(parsing: .unconditional, help: "Maximum number of merges that BPE learns. (default: 8000)") var bpeMerges: Int?
    @Option(parsing: .unconditional, help: "Keep labels with at least this many training documents.") var minLabelCount = 2
    @Option(help: "Token embeddings: fasttext or none.") var embeddings = Embeddings.fasttext
    @Option(
        parsing: .unconditional,
        help: "Threads for fastText; with more than one it is faster, but results differ from run to run.") var threads = 1
    @Flag(help: "Do not write trn_X_seq.npz and tst_X_seq.npz, the token sequences that sequential encoders need.")
    var noSequences = false
    @Option(
        help: "Folder of a pretrained encoder (BERT family): write its word pieces, not the features, as sequences.",
        completion: .directory)
    var pretrained: String?
    @Option(parsing: .unconditional, help: "Cut texts at this many word pieces, [CLS] and [SEP] included. (default: 40)")
    var maxTokens: Int?
    @Flag(help: "Replace an existing data set of the same name.") var force = false
    @Flag(name: [.customShort("q"), .long], help: "Print nothing but errors.") var quiet = false

    func validate() throws {
        if demo && train != nil { throw ValidationError("--demo and --train exclude each other") }
        if test != nil && train == nil { throw ValidationError("--test needs --train") }
        if full && train != nil { throw ValidationError("--full is for the demo; your own text is always taken whole") }
        if train == nil, text != nil || keepAllLabels {
            throw ValidationError("--text and --keep-all-labels need --train with raw XC JSON")
        }
        if train == nil, labelTextFor == nil, labelFile != nil {
            throw ValidationError("--label-text FILE needs --train or --label-text-for; WordNet has the texts of its labels")
        }
        if labelTextFor != nil, demo || train != nil {
            throw ValidationError("--label-text-for is for a data set that is there; leave out --demo and --train")
        }
        if filterSelf, labelTextFor != nil {
            throw ValidationError("--filter-self is for a data set that is made; leave out --label-text-for")
        }
        if subwords != .ngrams, subwordMin != nil || subwordMax != nil {
            throw ValidationError("--subword-min and --subword-max need --subwords ngrams")
        }
        if subwords != .bpe, bpeMerges != nil { throw ValidationError("--bpe-merges needs --subwords bpe") }
        if maxTokens != nil, pretrained == nil { throw ValidationError("--max-tokens needs --pretrained") }
        if noSequences, pretrained != nil { throw ValidationError("--no-sequences and --pretrained exclude each other") }
        try OptionRanges.check(threads: threads)
        try OptionRanges.check(paths: [
            "--train": train, "--test": test, "--data": data, "--pretrained": pretrained, "--label-text-for": labelTextFor,
        ])
        for (flag, value) in [
            ("--min-count", minCount), ("--min-label-count", minLabelCount), ("--max-features", maxFeatures),
            ("--subword-min", subwordMin), ("--subword-max", subwordMax), ("--bpe-merges", bpeMerges),
            ("--max-tokens", maxTokens),
        ] {
            try OptionRanges.check(flag, value, OptionRanges.counts)
        }
        if case .ngrams(let min, let max) = rule, max < min {
            throw ValidationError("--subword-max is \(max), expected --subword-min (\(min)) or more")
        }
    }

    func run() throws {
        if let labelTextFor {
            let said = try progress.shown { try LabelTextAddition(folder: labelTextFor, texts: labelFile).run() }
            if !quiet { try StandardOutput.print(said) }
            return
        }
        let summary = try progress.shown { try train.map(prepareOwn) ?? prepareDemo() }
        if !quiet { try StandardOutput.print(summary) }
    }

    private var rule: SubwordRule {
        switch subwords {
        case .ngrams: .ngrams(min: subwordMin ?? 3, max: subwordMax ?? 6)
        case .bpe: .bpe(merges: bpeMerges ?? 8000)
        case .none: .none
        }
    }

    /// What `--label-text` names; nil where it stands alone or is not given.
    private var labelFile: String? { labelText.flatMap { $0.isEmpty ? nil : $0 } }

    private var fastText: FastText? {
        guard embeddings == .fasttext else { return nil }
        var fastText = FastText()
        fastText.threads = threads
        fastText.seed = seed
        return fastText
    }

    private var progress: CommandProgress { CommandProgress("preparing", quiet: quiet) }

    private func log(_ line: String) { progress.note(line) }

    private func configure(_ preparation: inout Preparation, _ pieces: PretrainedPieces?) {
        preparation.pretrained = pieces
        preparation.maxFeatures = maxFeatures
        preparation.subwords = rule
        preparation.writesSequences = !noSequences
        preparation.filtersOwn = filterSelf
    }

    /// Read before anything else: a wrong folder is said at once.
    private func pieces() throws -> PretrainedPieces? {
        try pretrained.map { try PretrainedPieces(folder: $0, maxTokens: maxTokens ?? 40) }
    }

    private func prepareDemo() throws -> PreparationSummary {
        let pieces = try pieces()
        return try DemoData.prepare(
            into: data, name: name ?? DemoData.name, full: full, seed: seed, minCount: minCount, minLabelCount: minLabelCount,
            embeddings: fastText, labelText: labelText != nil, force: force, configure: { configure(&$0, pieces) }, log: log)
    }

    private func prepareOwn(_ file: String) throws -> PreparationSummary {
        var preparation = Preparation(dataFolder: data, name: name ?? Self.stem(of: file))
        preparation.minCount = minCount
        preparation.minLabelCount = minLabelCount
        preparation.embeddings = fastText
        preparation.force = force
        configure(&preparation, try pieces())
        try preparation.checkTarget()
        try preparation.checkKept([file, test, labelFile].compactMap { $0 })
        var parts = try documents(file, &preparation)
        if test == nil { parts = DemoData.split(parts.train, seed: seed) }
        return try preparation.run(train: parts.train, test: parts.test, log: log)
    }

    /// Reads both files; raw XC labels keep the order of their numbers.
    private func documents(_ file: String, _ preparation: inout Preparation) throws -> (train: [Document], test: [Document]) {
        var reader = DocumentReader()
        reader.fields = text ?? .both
        reader.labelNames = try labelFile.map(LabelNames.init(file:))
        let contents = try ([file] + (test.map { [$0] } ?? [])).map { path in
            log("reading \(path)")
            return try reader.content(of: path)
        }
        let isRawXC = contents.allSatisfy(\.isRawXC)
        if !isRawXC, contents.contains(where: \.isRawXC) || text != nil || keepAllLabels {
            throw Failure(
                .usage, "the documents are not raw XC JSON", at: contents[0].isRawXC ? test ?? file : file,
                expected: "{\"title\": \"…\", \"content\": \"…\", \"target_ind\": [0, 7]} in all files",
                advice: "leave out --text and --keep-all-labels, and give files of one kind")
        }
        if isRawXC {
            preparation.textFields = reader.fields
            let count = contents.map(\.labelCount).max() ?? 0
            preparation.labelOrder = reader.labelNames ?? LabelNames(numbersBelow: count)
            preparation.keepsAllLabels = keepAllLabels
        }
        if filterSelf, isRawXC { preparation.labelTitle = try titles(reader.labelNames) }
        if labelText != nil {
            preparation.labelText = try LabelTextAddition.texts(from: labelFile, names: reader.labelNames, isRawXC)
        }
        return (contents[0].documents, contents.count > 1 ? contents[1].documents : [])
    }

    /// Titles of raw XC labels by their names, which lack what would separate them in our files.
    private func titles(_ names: LabelNames?) throws -> @Sendable (String) -> String {
        guard let names, let labelFile else {
            throw Failure(
                .usage, "the labels have no titles", at: "--filter-self", found: "raw XC JSON, whose labels are numbers",
                expected: "a file of their titles", advice: "give --label-text lbl.json.gz")
        }
        return try LabelTextAddition.texts(from: labelFile, names: names, true)
    }

    /// `trn` for data/trn.json.gz.
    private static func stem(of file: String) -> String {
        let name = URL(fileURLWithPath: file)
        return (name.pathExtension == "gz" ? name.deletingPathExtension() : name).deletingPathExtension().lastPathComponent
    }
}
