import Formats
import Foundation
import Support

/// Token embeddings by the `fasttext` program (Bojanowski et al., TACL 2017): skip-gram with sub-words of 3 to 6 letters.
///
/// With one thread the same text and seed give the same vectors; with more, the threads race and they differ a little.
public struct FastText: Sendable {
    public var dimensions = 300
    public var epochs = 2
    /// nil: by the length of the text, see `rate(forTokens:)`.
    public var learningRate: Double?
    /// Rows that the sub-words' hashes share.
    public var buckets = 50_000
    public var threads = 1
    public var seed: UInt64 = 0

    public init() {}

    /// Trains on `texts` and gives one row a feature of `vectoriser`, all of which stand in `texts`: a word's own vector, and
    /// for a sub-word the mean of the vectors of all distinct words of the texts in which it stands.
    ///
    /// fastText's own vector of a string that is no word would be that of a *word* spelt so (`<ing>`, not `ing`), and BPE's
    /// pieces have none at all; the mean is defined for both.
    /// Where the vectors diverge on these texts, trains again at a quarter of the learning rate, twice at most.
    /// - Parameters:
    ///   - folder: for intermediate files, which are removed.
    ///   - log: hears of a second try.
    /// - Throws: `Failure` where the program is missing (naming the package), fails (with its last words), or diverges.
    func embeddings(
        of vectoriser: TextVectoriser, trainedOn texts: TokenisedText, in folder: String, log: (String) -> Void
    ) throws -> DenseMatrix {
        let program = try Self.program()
        let input = "\(folder)/fasttext-input.txt"
        let output = "\(folder)/fasttext"
        defer { for file in [input, "\(output).bin", "\(output).vec", "\(output).log"] { unlink(file) } }
        try writeCorpus(texts, to: input)
        let words = epochs * texts.ids.count
        let first = learningRate ?? Self.rate(forTokens: texts.ids.count)
        for rate in [first, first / 4, first / 16] {
            try ProgressScope.stage("fastText", of: words, "words") {
                try run(program, on: input, arguments(input: input, output: output, rate: rate), log: "\(output).log", words, $0)
            }
            unlink("\(output).bin")
            let matrix = try ProgressScope.stage("reading fastText's vectors", of: texts.words.count, "words") { progress in
                try VectorFile.means(
                    "\(output).vec", count: vectoriser.vocabulary.count, dimensions: dimensions
                ) { word in
                    progress.advance()
                    return Set(vectoriser.columns(ofWord: word))
                }
            }
            if Self.isSound(matrix) { return matrix }
            log("fastText's vectors diverged at learning rate \(rate); trying a quarter of it")
        }
        throw Failure(
            .usage, "fastText's vectors diverge on this text at every learning rate tried", at: program,
            advice: "use --embeddings none, and init: random in the config")
    }

    /// fastText's own 0.05 leaves the vectors of a few hundred thousand tokens near their random start, and a rate that suits
    /// those makes the vectors of more text grow without end: 0.3 up to 200,000 tokens, then falling with their square root
    /// to 0.05. Measured on WordNet, one in five (0.3: mean norm 2.7; 0.6 diverges) and all (0.3: 14.5, five times too large).
    static func rate(forTokens count: Int) -> Double {
        min(0.3, max(0.05, 0.3 * (200_000 / Double(max(count, 1))).squareRoot()))
    }

    private func arguments(input: String, output: String, rate: Double) -> [String] {
        [
            "skipgram", "-input", input, "-output", output, "-dim", "\(dimensions)", "-minn", "3", "-maxn", "6", "-minCount", "1",
            "-epoch", "\(epochs)", "-lr", "\(rate)", "-bucket", "\(buckets)", "-thread", "\(threads)",
            "-seed", "\(seed & 0x7FFF_FFFF)", "-verbose", "2",
        ]
    }

    /// Vectors of a sound run have a norm of about 3; diverged ones are in the thousands, or not finite.
    static func isSound(_ matrix: DenseMatrix) -> Bool {
        let squares = matrix.buffer.array.reduce(0.0) { $0 + Double($1) * Double($1) }
        return (squares / Double(max(matrix.rows, 1))).squareRoot() < 100
    }

    /// The path of the program.
    ///
    /// - Throws: `Failure` where it is in no folder of PATH.
    public static func program() throws -> String {
        if let path = onPath("fasttext") { return path }
        throw Failure(
            .usage, "fastText, which trains the token embeddings, is not installed", at: "fasttext",
            expected: "the program of Debian's package fasttext on PATH",
            advice:
                "apt-get install fasttext (launch/install-deps does it), or --embeddings none and then init: random in the config"
        )
    }

    static func onPath(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func writeCorpus(_ texts: TokenisedText, to path: String) throws {
        var file = try TextOutput(path: path)
        for text in 0..<texts.count where !texts[text].isEmpty {
            for id in texts[text] {
                try file.write(texts.words[Int(id)])
                try file.write(" ")
            }
            try file.write("\n")
        }
        try file.commit()
    }

    /// Runs the program to its end. Foundation puts it in a process group of its own, which Ctrl-C does not reach; so
    /// setpriv (of util-linux, on every Debian) has the kernel end it when this process ends.
    ///
    /// - Parameters:
    ///   - words: in all epochs.
    ///   - progress: counts them.
    private func run(
        _ program: String, on input: String, _ arguments: [String], log: String, _ words: Int, _ progress: ProgressStage
    ) throws {
        let process = Process()
        let keeper = Self.onPath("setpriv")
        process.executableURL = URL(fileURLWithPath: keeper ?? program)
        process.arguments = (keeper == nil ? [] : ["--pdeathsig", "TERM", program]) + arguments
        try AtomicFile.write(log, [])
        let messages = FileHandle(forWritingAtPath: log) ?? FileHandle.nullDevice
        let ended = WaitFlag()
        process.terminationHandler = { _ in ended.set() }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = messages
        process.standardError = messages
        do {
            try process.run()
        } catch {
            throw Failure(.usage, "fastText cannot be started", at: program, found: error.localizedDescription)
        }
        var watch = FastTextWatch(process: process.processIdentifier, input: input, log: log, epochs: epochs)
        while !ended.wait(seconds: 1) {
            if let share = watch.share() { progress.advance(to: Int(share * Double(words))) }
        }
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw stopped(process, program, log)
        }
    }

    private func stopped(_ process: Process, _ program: String, _ log: String) -> Failure {
        let words = (try? String(contentsOfFile: log, encoding: .utf8))?.split(whereSeparator: \.isNewline).suffix(3).joined(
            separator: "; ")
        let how = process.terminationReason == .exit ? "exit code" : "signal"
        return Failure(
            .outOfResources, "fastText stopped before its end", at: program,
            found: "\(how) \(process.terminationStatus)\(words.map { ": \($0)" } ?? "")",
            advice: "check free memory and disk space; --embeddings none leaves the embeddings out")
    }
}
