import ArgumentParser
import Config
import Coordinator
import Foundation
import Learners
import Support

/// `deepxml-dist plan`: what a learner would need, without its data.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Estimate the memory, messages and time that a learner needs on many ranks, without its data.",
        discussion: """
            The estimate follows from the config, the size of the data set and the step costs in docs/PERFORMANCE.md; \
            docs/SCALING.md compares estimates with measured runs. If you have the data set, `train --dry-run` prints the \
            memory that training would need.

            EXAMPLES
              deepxml-dist plan --ranks 8,64,512 --dataset AmazonTitles-670K --dataset-size 485176,66666,670091
                  one DeepXML learner with the config of that data set
              deepxml-dist plan --dataset-size 400000,70000,50000
                  the framework that `train` would choose for a data set of this size
              deepxml-dist plan --framework DeepXML-OVA --ranks 1,3 --dataset-size 13114,12136,4015 --threads 2
                  a DeepXML-OVA learner with two threads per rank
            """)

    @Option(parsing: .unconditional, help: ArgumentHelp("Rank counts to compare, separated by commas.", valueName: "list"))
    var ranks = "1,8,64"
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Number of training documents N, tokens V and labels L.", valueName: "N,V,L"))
    var datasetSize: String
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Number of test documents. (default: a quarter of N)", valueName: "count"))
    var testDocuments: Int?
    @Option(
        help: ArgumentHelp(
            "Framework: \(Frameworks.listed). (default: what `train` would choose, or DeepXML with --config)", valueName: "name"))
    var framework: String?
    @Option(help: ArgumentHelp("Data set whose config to use. (default: the framework's default)", valueName: "name"))
    var dataset: String?
    @Option(help: ArgumentHelp("Config file.", valueName: "file"), completion: .file()) var config: String?
    @Option(
        help: ArgumentHelp("Folder of configs. (default: ./configs, or else those installed with the program)", valueName: "dir"),
        completion: .directory)
    var configs: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Share of the training documents to hold out, as for train; measured after each epoch.", valueName: "share"))
    var validation: String?
    @Option(parsing: .unconditional, help: "Threads per rank.") var threads = 1
    @Option(parsing: .unconditional, help: ArgumentHelp("Bandwidth between ranks, in GB/s.", valueName: "GB/s")) var bandwidth =
        1.0
    @Option(parsing: .unconditional, help: ArgumentHelp("Latency of a message, in microseconds.", valueName: "µs")) var latency =
        20.0
    @Flag(help: "Print JSON instead of text.") var json = false

    func validate() throws {
        try OptionRanges.check(threads: threads)
        try OptionRanges.check(paths: ["--config": config, "--configs": configs])
        try OptionRanges.check("--test-documents", testDocuments, 0...Self.largestCount)
    }

    private static let largestCount = 1_000_000_000

    func run() throws {
        if let framework { _ = try Frameworks.schema(of: framework) }
        let sizes = try numbers(datasetSize, of: "--dataset-size"), ranks = try numbers(self.ranks, of: "--ranks")
        guard sizes.count == 3 else {
            throw Failure(
                .usage, "three numbers are wanted", at: "--dataset-size", found: datasetSize,
                expected: "training documents, tokens, labels: 485176,66666,670091")
        }
        for (flag, value) in [("--bandwidth", bandwidth), ("--latency", latency)] where !(1e-6...1e9).contains(value) {
            throw Failure(
                .usage, "\(flag) is out of range", at: flag, found: "\(value)", expected: "a number from 0.000001 to 1000000000")
        }
        let heldOut = try validation.map { try ValidationOptions.share($0) }
        let choice = try self.choice(documents: sizes[0], labels: sizes[2])
        let framework = self.framework ?? choice?.framework.rawValue ?? "DeepXML"
        let config = try Config.load(path: configPath(framework), schema: Frameworks.schema(of: framework))
        let texts = config.global.labelTextDocuments ? sizes[2] : 0
        let size = ProblemSize(
            trainDocuments: sizes[0] + texts, testDocuments: testDocuments ?? sizes[0] / 4, tokens: sizes[1], labels: sizes[2],
            dimensions: config.global.embeddingDims, storedFeatures: 0, storedLabels: 0)
        let forecast = Forecast(
            framework: FrameworkName(framework), config: config, size: size,
            interconnect: .init(bandwidth: bandwidth * 1e9, latency: latency * 1e-6), threads: threads,
            heldOut: heldOut)
        if json { return try StandardOutput.print(forecast.json(ranks: ranks)) }
        if let choice { try StandardOutput.print(choice.text(labels: sizes[2], time: nil) + "\n") }
        try StandardOutput.print(forecast.text(ranks: ranks))
    }

    /// What `train` would choose; nil: nothing is to be chosen.
    private func choice(documents: Int, labels: Int) throws -> FrameworkChoice? {
        if framework != nil || config != nil { return nil }
        return try Frameworks.choice(
            dataset: dataset, documents: documents, labels: labels, configs: configs,
            workingDirectory: FileManager.default.currentDirectoryPath, executable: Launcher.executablePath)
    }

    private func configPath(_ framework: String) throws -> String {
        if let config { return config }
        let folder = try Config.folder(
            named: configs, framework: framework, workingDirectory: FileManager.default.currentDirectoryPath,
            executable: Launcher.executablePath)
        return try Config.locate(framework: framework, dataset: dataset ?? "default", configFolder: folder).path
    }

    private func numbers(_ text: String, of flag: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let number = Int(word.trimmingCharacters(in: .whitespaces)), (1...Self.largestCount).contains(number) else {
                throw Failure(
                    .usage, "no list of whole numbers above 0", at: flag, found: text, expected: "such as 8,64,512")
            }
            return number
        }
    }
}
