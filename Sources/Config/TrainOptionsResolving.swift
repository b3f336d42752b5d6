import Formats
import Foundation
import Support

extension TrainOptions {
    /// Checks what was typed, finds and reads the config and arch files, and fills in what was left out.
    ///
    /// Reads files, writes none; the data set itself is checked where it is read.
    /// - Parameters:
    ///   - framework: the one that `arguments` name, or that is tried for them.
    ///   - workingDirectory: absolute; where `configs` is looked for first.
    ///   - executable: absolute path of this program; `configs` is looked for in the folders above it next.
    /// - Throws: `Failure` (exit code 2) for the first thing that is wrong.
    public static func resolve(
        _ arguments: TrainArguments, for framework: FrameworkRequirements, workingDirectory: String, executable: String
    ) throws -> TrainOptions {
        try checkNumbers(arguments)
        let seeds = try parseSeeds(arguments.seeds)
        let version = try pathComponent(arguments.version, of: "--version", what: "a label of the run, such as 0 or wide-net")
        let source = try ConfigSource.find(
            arguments, framework, workingDirectory: workingDirectory, executable: executable)
        let architecture = try Architecture.find(arguments.arch, source, framework)
        let data = arguments.data ?? "\(arguments.work)/data"
        if !source.usesDemoData { try checkDataset(source.config.global.dataset, in: data) }
        var options = TrainOptions(
            work: arguments.work, data: data, dataset: source.config.global.dataset, usesDemoData: source.usesDemoData,
            framework: framework.name, arch: architecture.name, version: version, seeds: seeds,
            config: architecture.config, configPath: source.path, archDefinition: architecture.definition,
            astec: architecture.astec,
            checkpointEveryEpochs: arguments.checkpointEvery == 0 ? nil : arguments.checkpointEvery,
            checkpointEveryMinutes: arguments.checkpointMinutes == 0 ? nil : arguments.checkpointMinutes,
            fresh: arguments.fresh, threads: arguments.threads, device: try DeviceRequest(parsing: arguments.device),
            fastMath: arguments.fastMath, dryRun: arguments.dryRun,
            logFormat: try parseLogFormat(arguments.logFormat), quiet: arguments.quiet,
            predictions: try PredictionFormat.list(arguments.predictions, flag: "--predictions"),
            silenceSeconds: arguments.silenceTimeout == 0 ? nil : arguments.silenceTimeout,
            learnersOnly: arguments.learnersOnly, mergesOnly: arguments.mergesOnly,
            comparesBaseline: arguments.baseline || source.usesDemoData, events: arguments.events,
            tensorBoard: arguments.tensorBoard, notices: source.notices)
        options.validation = try ValidationOptions(arguments, framework, architecture.config, learners: seeds.count)
        return options
    }

    /// Threads that a process may be given.
    public static let threadRange = 1...4096

    /// Seeds as typed: whole numbers from 0, separated by commas.
    static func parseSeeds(_ text: String) throws -> [UInt64] {
        let expected = "different whole numbers from 0 to \(Int64.max), separated by commas: 108,666,786"
        var seeds = [UInt64]()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let word = part.trimmingCharacters(in: .whitespaces)
            guard !word.isEmpty else {
                throw Failure(.usage, "an empty seed", at: "--seeds", found: "\"\(text)\"", expected: expected)
            }
            guard word.allSatisfy(\.isASCII), word.first != "+", let seed = UInt64(word), seed <= Int64.max else {
                let problem = word.hasPrefix("-") ? "a negative seed" : "a seed that is no number"
                throw Failure(.usage, problem, at: "--seeds", found: word, expected: expected)
            }
            guard !seeds.contains(seed) else {
                throw Failure(
                    .usage, "a seed that is given twice", at: "--seeds", found: word, expected: expected,
                    advice: "two learners of one seed would be the same; remove one")
            }
            seeds.append(seed)
        }
        return seeds
    }

    private static func checkNumbers(_ arguments: TrainArguments) throws {
        if arguments.checkpointEvery < 0 {
            throw Failure(
                .usage, "--checkpoint-every is negative", at: "--checkpoint-every", found: "\(arguments.checkpointEvery)",
                expected: "epochs from 1, or 0 for none")
        }
        if !(arguments.checkpointMinutes >= 0) || arguments.checkpointMinutes.isInfinite {
            throw Failure(
                .usage, "--checkpoint-minutes is no time", at: "--checkpoint-minutes", found: "\(arguments.checkpointMinutes)",
                expected: "minutes above 0, or 0 for none")
        }
        if arguments.silenceTimeout != 0, !(1...86400 * 365).contains(arguments.silenceTimeout) {
            throw Failure(
                .usage, "--silence-timeout is out of range", at: "--silence-timeout", found: "\(arguments.silenceTimeout)",
                expected: "seconds from 1, or 0: wait for ever")
        }
        if let threads = arguments.threads, !threadRange.contains(threads) {
            throw Failure(
                .usage, "--threads is out of range", at: "--threads", found: "\(threads)",
                expected: "threads a rank, from \(threadRange.lowerBound) to \(threadRange.upperBound)",
                advice: "leave it out: the node's cores are then shared out among its ranks")
        }
    }

    private static func parseLogFormat(_ name: String) throws -> LogFormat {
        if let format = LogFormat(rawValue: name) { return format }
        let names = LogFormat.allCases.map(\.rawValue)
        throw Failure(
            .usage, "unknown log format \"\(name)\"", at: "--log-format", found: name, expected: names.joined(separator: " or "),
            advice: suggestion(for: name, among: names).map { "did you mean \($0)?" } ?? "")
    }

    /// A name that becomes a folder of results.
    static func pathComponent(_ name: String, of flag: String, what: String) throws -> String {
        guard FolderName.allows(name) else {
            throw Failure(
                .usage, "a name that cannot be a folder's", at: flag, found: "\"\(name)\"",
                expected: "\(what): \(FolderName.rule)", advice: "use letters, digits, '-', '_' and '.'")
        }
        return name
    }

    private static func checkDataset(_ dataset: String, in data: String) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: "\(data)/\(dataset)", isDirectory: &isFolder), isFolder.boolValue { return }
        let present = ((try? FileManager.default.contentsOfDirectory(atPath: data)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
        let near = suggestion(for: dataset, among: present).map { "did you mean --dataset \($0)?" }
        let demo = dataset == demoDataset ? "deepxml-dist prepare --demo makes it" : nil
        throw Failure(
            .usage, "no such data set", at: "\(data)/\(dataset)",
            found: present.isEmpty ? "no data set in \(data)" : "in \(data): \(present.prefix(10).joined(separator: ", "))",
            expected: "a folder with trn_X_Xf.txt, trn_X_Y.txt, tst_X_Xf.txt and tst_X_Y.txt",
            advice: near ?? demo ?? "check --dataset and --data, or make one of your own text with deepxml-dist prepare")
    }
}
