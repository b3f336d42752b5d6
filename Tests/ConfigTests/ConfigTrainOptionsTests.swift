import Config
import Formats
import Foundation
import Learners
import Support
import Testing

/// A working directory with configs, an arch and one data set, and what `resolve` makes of arguments there.
private struct Workplace {
    let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        try folder.write(ConfigSamples.older, to: "configs/DeepXML/default.json")
        try folder.write(ConfigSamples.older, to: "configs/DeepXML/WordNetDemo.json")
        try folder.write(ConfigSamples.newer, to: "configs/DeepXML/Own.json")
        try folder.write(ConfigSamples.astec, to: "configs/arch/Astec.json")
        try folder.write(ConfigSamples.recurrent, to: "configs/arch/RNN.json")
        for dataset in ["Own", "EURLex-4K"] { try folder.write("1 1\n", to: "data/\(dataset)/trn_X_Y.txt") }
    }

    func resolve(_ change: (inout TrainArguments) -> Void = { _ in }) throws -> TrainOptions {
        var arguments = TrainArguments()
        arguments.work = folder.path
        change(&arguments)
        // `configs` is found through the absolute working directory, but named relative to it: files are read by --configs.
        if arguments.configs == nil { arguments.configs = "\(folder.path)/configs" }
        return try TrainOptions.resolve(arguments, workingDirectory: folder.path, executable: "/usr/bin/deepxml-dist")
    }

    func failure(_ change: (inout TrainArguments) -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> Failure? {
        ConfigTests.failure(of: { try resolve(change) }, sourceLocation: sourceLocation)
    }
}

@Suite("Options of train")
struct ConfigTrainOptionsTests {
    private let workplace: Workplace
    init() throws { workplace = try Workplace() }

    @Test("without options: one learner on the demo data")
    func defaults() throws {
        let options = try workplace.resolve()
        #expect(options.dataset == "WordNetDemo" && options.usesDemoData && options.config.global.dataset == "WordNetDemo")
        #expect(options.seeds == [22] && options.framework == .deepXML && options.arch == "Astec" && options.version == "0")
        #expect(options.data == workplace.folder.path + "/data" && options.threads == nil && !options.fresh && !options.dryRun)
        #expect(options.checkpointEveryEpochs == 5 && options.checkpointEveryMinutes == 10 && options.logFormat == .text)
        #expect(options.configPath.hasSuffix("configs/DeepXML/WordNetDemo.json") && options.notices.isEmpty)
        #expect(options.astec == AstecParameters(coarseDropout: 0.4, fineDropout: 0.2))
    }

    @Test("all options are taken over")
    func all() throws {
        let options = try workplace.resolve {
            $0.data = workplace.folder.path + "/data"
            $0.dataset = "Own"
            $0.version = "wide-net"
            $0.seeds = "108, 666,786"
            $0.settings = ["extreme.num_epochs=5", "extreme.num_epochs=6"]
            $0.checkpointEvery = 0
            $0.checkpointMinutes = 0
            $0.fresh = true
            $0.threads = 2
            $0.dryRun = true
            $0.logFormat = "json"
            $0.silenceTimeout = 0
            $0.learnersOnly = true
            $0.quiet = true
        }
        #expect(options.seeds == [108, 666, 786] && options.config.extreme.optimisation.epochs == 6 && options.threads == 2)
        #expect(options.checkpointEveryEpochs == nil && options.checkpointEveryMinutes == nil)
        #expect(options.fresh && options.dryRun && options.quiet && options.logFormat == .json && !options.usesDemoData)
        #expect(options.silenceSeconds == nil && options.learnersOnly && !options.mergesOnly)
        let tail = "DeepXML/Astec/Own/v_wide-net"
        #expect(options.resultFolder == "\(workplace.folder.path)/results/\(tail)")
        #expect(options.modelFolder(seed: 108) == "\(workplace.folder.path)/models/\(tail)_108")
        #expect(options.datasetFolder == "\(workplace.folder.path)/data/Own")
        #expect(options.notices.isEmpty)
    }

    @Test("silence may last from a second to a year")
    func silence() throws {
        let year = 365.0 * 86400
        for seconds in [1, year] { #expect(try workplace.resolve { $0.silenceTimeout = seconds }.silenceSeconds == seconds) }
        for seconds in [-1, year + 1] {
            #expect(workplace.failure { $0.silenceTimeout = seconds }?.place == "--silence-timeout", "\(seconds)")
        }
    }

    @Test("a data set without a config gets the default one, and is told so")
    func defaultConfig() throws {
        let options = try workplace.resolve { $0.dataset = "EURLex-4K" }
        #expect(options.configPath.hasSuffix("/default.json"))
        #expect(options.notices == ["using \(options.configPath): no config for EURLex-4K"])
    }

    @Test("--config names the data set where --dataset does not, and --dataset wins")
    func ownConfig() throws {
        let file = try workplace.folder.write(ConfigSamples.older, to: "my.json")
        let options = try workplace.resolve { $0.config = file }
        #expect(options.dataset == "EURLex-4K" && !options.usesDemoData && options.configPath == file)
        let other = try workplace.resolve { ($0.config, $0.dataset) = (file, "Own") }
        #expect(other.dataset == "Own" && other.config.global.dataset == "Own")
        #expect(other.notices == ["\(file) was written for data set EURLex-4K, and is used for Own"])
    }

    @Test("the learner's fingerprint covers config and architecture, not names")
    func fingerprint() throws {
        let options = try workplace.resolve()
        #expect(try workplace.resolve { $0.version = "7" }.learnerFingerprint == options.learnerFingerprint)
        #expect(try workplace.resolve { $0.settings = ["extreme.efC=200"] }.learnerFingerprint != options.learnerFingerprint)
        try workplace.folder.write(ConfigSamples.astec.replacing("0.4", with: "0.3"), to: "configs/arch/Astec.json")
        #expect(try workplace.resolve().learnerFingerprint != options.learnerFingerprint)
    }

    @Test("options are said as JSON")
    func json() throws {
        let options = try workplace.resolve { $0.seeds = "1,9223372036854775807" }
        let value = try JSONValue.parse(Array(options.json.utf8), name: "options")
        #expect(value["seeds"] == .array([.number(1), .string("9223372036854775807")]))
        #expect(value["uses_demo_data"] == .bool(true) && value["threads"] == .null)
    }

    @Test(
        "seeds that are none",
        arguments: [
            ("", "an empty seed"), ("1,,2", "an empty seed"), ("1,2,", "an empty seed"), ("1,2,1", "a seed that is given twice"),
            ("1,01", "a seed that is given twice"), ("one", "a seed that is no number"), ("1.5", "a seed that is no number"),
            ("-3", "a negative seed"), ("+3", "a seed that is no number"), ("9223372036854775808", "a seed that is no number"),
            ("1;2", "a seed that is no number"), ("٣", "a seed that is no number"),
        ])
    func seeds(text: String, problem: String) {
        let failure = workplace.failure { $0.seeds = text }
        #expect(failure?.problem == problem && failure?.place == "--seeds" && failure?.code == .usage)
    }

    @Test(
        "frameworks that are not there",
        arguments: [
            ("DeepXLM", "unknown framework", "did you mean DeepXML?"), ("deepxml", "unknown framework", "did you mean DeepXML?"),
            ("DeepXML-ONA", "unknown framework", "did you mean DeepXML-OVA?"),
            ("Parabel", "unknown framework", "use --framework"),
        ])
    func frameworks(name: String, problem: String, advice: String) {
        let failure = workplace.failure { $0.framework = name }
        #expect(failure?.problem.contains(problem) == true && failure?.advice.hasPrefix(advice) == true)
    }

    @Test("numbers out of range, names that are no folder's, unknown words")
    func flags() {
        #expect(workplace.failure { $0.threads = 0 }?.place == "--threads")
        #expect(workplace.failure { $0.checkpointEvery = -1 }?.place == "--checkpoint-every")
        #expect(workplace.failure { $0.checkpointMinutes = .nan }?.place == "--checkpoint-minutes")
        #expect(workplace.failure { $0.logFormat = "jsn" }?.advice == "did you mean json?")
        for name in ["", "../x", "a/b", ".hidden", " a", "a\nb"] {
            #expect(workplace.failure { $0.version = name }?.place == "--version")
        }
        for name in ["", "..", "a/b"] { #expect(workplace.failure { $0.dataset = name }?.place == "--dataset") }
        #expect(workplace.failure { $0.settings = ["global.dataset=X"] }?.advice == "use --dataset X")
        #expect(workplace.failure { $0.settings = ["extreme.model_method=full"] }?.place == "--set extreme.model_method=full")
    }

    @Test("a data set that is not there: what is there, and the nearest name")
    func missingDataset() {
        let near = workplace.failure { $0.dataset = "EURLex-4k" }
        #expect(near?.problem == "no such data set" && near?.advice == "did you mean --dataset EURLex-4K?")
        #expect(near?.found.contains("EURLex-4K, Own") == true)
        let demo = workplace.failure { $0.dataset = "WordNetDemo" }
        #expect(demo?.advice == "deepxml-dist prepare --demo makes it")
        let nowhere = workplace.failure { ($0.dataset, $0.data) = ("Own", "/nowhere") }
        #expect(nowhere?.place == "/nowhere/Own" && nowhere?.found == "no data set in /nowhere")
    }

    @Test("configs and arch files that are not there")
    func missingFiles() {
        #expect(workplace.failure { $0.config = "/nowhere.json" }?.place == "/nowhere.json")
        #expect(workplace.failure { $0.configs = "/nowhere" }?.place == "--configs /nowhere")
        let arch = workplace.failure { $0.arch = "Astek" }
        #expect(arch?.advice == "did you mean Astec?" && arch?.expected == "Astec, RNN")
        #expect(workplace.failure { $0.arch = "/nowhere.json" }?.place == "/nowhere.json")
    }

    @Test("another encoder than Astec's is a stack of layers")
    func recurrent() throws {
        let options = try workplace.resolve { $0.arch = "RNN" }
        #expect(options.arch == "RNN" && options.astec == nil && !options.archDefinition.coarse.isEmpty)
        #expect(try options.learnerFingerprint != workplace.resolve().learnerFingerprint)
    }

    @Test("Astec is built in, and an arch file may stand anywhere")
    func architectures() throws {
        try FileManager.default.removeItem(atPath: workplace.folder.path + "/configs/arch/Astec.json")
        let builtIn = try workplace.resolve()
        #expect(builtIn.astec == AstecParameters() && builtIn.archDefinition == .astec())
        let file = try workplace.folder.write(ConfigSamples.astec, to: "elsewhere/Mine.json")
        let own = try workplace.resolve { $0.arch = file }
        #expect(own.arch == "Mine" && own.config.global.arch == "Mine" && own.astec?.coarseDropout == 0.4)
    }
}

@Suite("Where configs are found")
struct ConfigLocationTests {
    @Test("the working directory's, else those beside the executable, by framework")
    func folders() throws {
        let here = try ScratchFolder(), there = try ScratchFolder()
        let find = { (executable: String) in
            try Config.folder(named: nil, framework: "DeepXML", workingDirectory: here.path, executable: executable)
        }
        #expect(failure { try find(there.path + "/.build/x/release/deepxml-dist") }?.advice.contains("--configs") == true)
        try there.write("{}", to: "configs/DeepXML/default.json")
        // Another program's configs.
        try here.write("{}", to: "configs/other.json")
        #expect(try find(there.path + "/.build/x/release/deepxml-dist") == there.path + "/configs")
        let prefix = try ScratchFolder()
        try prefix.write("{}", to: "share/deepxml-dist/configs/DeepXML/default.json")
        #expect(try find(prefix.path + "/bin/deepxml-dist") == prefix.path + "/share/deepxml-dist/configs")
        try here.write("{}", to: "configs/DeepXML/default.json")
        #expect(try find(there.path + "/.build/x/release/deepxml-dist") == "configs")
    }

    @Test("a data set's own config comes before the default")
    func files() throws {
        let folder = try ScratchFolder()
        let locate = { try Config.locate(framework: "F", dataset: "D", configFolder: folder.path) }
        #expect(failure { try locate() }?.place == folder.path + "/F/D.json")
        try folder.write("{}", to: "F/default.json")
        var found = try locate()
        #expect(found.path == folder.path + "/F/default.json" && found.isDefault)
        try folder.write("{}", to: "F/D.json")
        found = try locate()
        #expect(found.path == folder.path + "/F/D.json" && !found.isDefault)
    }

    /// The settings under which the authors' code was measured: /work/shared/reference/README.md.
    @Test(
        "the configs that come with the program train, with the reference's settings", arguments: ["WordNetSmall", "WordNetDemo"])
    func shipped(name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let config = try Config.load(path: root.path + "/configs/DeepXML/\(name).json")
        try config.requireTrainable(.deepXML)
        #expect(config.global.dataset == name && config.global.surrogateThreshold == 1024 && config.global.beta == 0.3)
        let sections = [config.surrogate, config.extreme, config.reranker]
        #expect(
            sections.map(\.optimisation.epochs) == [20, 20, 15]
                && sections.map(\.optimisation.learningRate) == [0.01, 0.007, 0.005])
        #expect(
            sections.map(\.optimisation.decayInterval) == [14, 14, 10]
                && sections.allSatisfy { $0.optimisation.batchSize == 255 && $0.optimisation.decayFactor == 0.5 })
        #expect(config.extreme.beta == 0.5 && config.reranker.beta == 0.6 && config.reranker.shortlist.length == 100)
        #expect(
            config.extreme.shortlist.length == 500 && config.extreme.shortlist.M == 100 && config.extreme.shortlist.efC == 300
                && config.extreme.shortlist.efS == 400)
        try Config.load(path: root.path + "/configs/DeepXML/default.json").requireTrainable(.deepXML)
        #expect(
            try Arch.load(path: root.path + "/configs/arch/Astec.json", arguments: config).astecParameters() == AstecParameters())
    }
}
