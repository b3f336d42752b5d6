import Config
import Formats
import Foundation
import Support
import Testing

/// Every key with what it is where nobody says it, and what it may be: two tables against the program's own.
@Suite("Defaults and ranges of all keys")
struct ConfigTableTests {
    /// Settings that a program's own code starts from, as `config.json` has them.
    private static let global: [String: String] = [
        "dataset": "\"\"", "feature_type": "\"sparse\"", "feature_indices": "null", "label_indices": "null", "num_labels": "-1",
        "arch": "\"Astec\"", "A": "0.55", "B": "1.5", "use_reranker": "true", "surrogate_threshold": "65536",
        "surrogate_method": "1", "embedding_dims": "300", "top_k": "100", "save_top_k": "null", "beta": "0.3",
        "save_predictions": "true", "trn_label_fname": "\"trn_X_Y.txt\"", "val_label_fname": "\"tst_X_Y.txt\"",
        "tst_label_fname": "\"tst_X_Y.txt\"", "trn_feat_fname": "\"trn_X_Xf.txt\"", "val_feat_fname": "\"tst_X_Xf.txt\"",
        "tst_feat_fname": "\"tst_X_Xf.txt\"",
    ]
    private static let module: [String: String] = [
        "num_epochs": "20", "learning_rate": "0.1", "dlr_factor": "0.5", "dlr_step": "7", "batch_size": "255",
        "normalize": "true", "optim": "\"Adam\"", "momentum": "0.9", "weight_decay": "0", "dropout": "0.5",
        "embeddings": "\"fasttextB_embeddings_300d.npy\"", "init": "\"token_embeddings\"", "beta": "0.2",
        "ns_method": "\"ensemble\"", "num_centroids": "1", "efC": "300", "efS": "300", "M": "100", "num_nbrs": "300",
        "gamma": "0.075", "max_positives": "20", "random_negatives": "170", "pad_shortlists": "true", "num_clf_partitions": "1",
        "freeze_intermediate": "false", "keep_invalid": "false", "use_intermediate_for_shorty": "true",
        "model_method": "\"full\"", "shortlist_method": "\"static\"", "retrain_hnsw_after": "1", "bias": "true",
        "update_shortlist": "true", "precision": "\"float32\"", "loss": "\"BCE\"", "propensity_weight": "0",
        "bias_init": "\"uniform\"", "lr_schedule": "\"step\"", "encoder_rate": "1",
    ]

    private func settings(_ config: Config, _ section: String) throws -> [String: String] {
        let all = try JSONValue.parse(Array(config.json.utf8), name: "x")
        let members = try #require(all[section]?.members)
        return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value.text) })
    }

    @Test("what code starts from")
    func ofCode() throws {
        #expect(try settings(Config(), "global") == Self.global)
        for section in ["surrogate", "extreme", "reranker"] {
            #expect(try settings(Config(), section) == Self.module, "\(section)")
        }
    }

    @Test("what a file leaves out is as in the original's parameters")
    func ofFiles() throws {
        var global = Self.global, module = Self.module
        global["top_k"] = "50"
        for (key, value) in [
            ("batch_size", "64"), ("optim", "\"SGD\""), ("ns_method", "\"kcentroid\""), ("normalize", "false"),
            ("use_intermediate_for_shorty", "false"),
        ] { module[key] = value }
        let config = try parse("{}")
        #expect(try settings(config, "global") == global)
        #expect(try settings(config, "surrogate") == module && settings(config, "extreme") == module)
        module["num_nbrs"] = "50"
        #expect(try settings(config, "reranker") == module)
    }

    /// These are written only where they are not at their default.
    @Test("keys that earlier versions lacked")
    func added() throws {
        for config in [Config(), try parse("{}")] {
            #expect(!config.global.labelTextDocuments && config.global.heldOutLabels == nil)
            #expect(config.global.lblFeatFname == "lbl_X_Xf.txt")
            for module in [config.surrogate, config.extreme, config.reranker] {
                let steps = module.optimisation
                #expect(steps.epsilon == 1e-8 && steps.warmup == 0 && steps.layerDecay == 1 && steps.tokenRate == 1)
                #expect(steps.clipNorm == 0 && module.encoder.pretrained.isEmpty)
                #expect(!module.classifier.startsAtText && !module.shortlist.hasLabelText)
            }
        }
    }

    /// Section, key, and what the message says of a value of another type.
    private static let ranges: [(String, String, String)] = [
        ("global", "num_labels", "an integer from 1 to 2147483647, or -1 (taken from the data)"),
        ("global", "A", "a number from 0 to 10"), ("global", "B", "a number above 0 and up to 1000"),
        ("global", "use_reranker", "true or false"), ("global", "surrogate_threshold", "an integer from 0 to 2147483647"),
        ("global", "surrogate_method", "an integer from 0 to 3"), ("global", "embedding_dims", "an integer from 1 to 65536"),
        ("global", "top_k", "an integer from 1 to 1000000"), ("global", "save_top_k", "an integer from 1 to 1000000, or null"),
        ("global", "beta", "a number from 0 to 1"), ("global", "save_predictions", "true or false"),
        ("extreme", "num_epochs", "an integer from 1 to 100000"), ("extreme", "learning_rate", "a number above 0 and up to 100"),
        ("extreme", "dlr_factor", "a number above 0 and up to 1"),
        ("extreme", "dlr_step", "an integer from 1 to 100000, or -1 (never)"),
        ("extreme", "batch_size", "an integer from 1 to 1000000"), ("extreme", "momentum", "a number from 0 to 1"),
        ("extreme", "weight_decay", "a number from 0 to 1"), ("extreme", "dropout", "a number from 0 to 1"),
        ("extreme", "beta", "a number from 0 to 1"), ("extreme", "num_centroids", "an integer from 1 to 1000000"),
        ("extreme", "efC", "an integer from 1 to 1000000"), ("extreme", "efS", "an integer from 1 to 1000000"),
        ("extreme", "M", "an integer from 2 to 10000"), ("extreme", "num_nbrs", "an integer from 1 to 1000000"),
        ("extreme", "gamma", "a number from 0 to 1"), ("extreme", "max_positives", "an integer from 1 to 1000000"),
        ("extreme", "random_negatives", "an integer from 0 to 1000000"),
        ("extreme", "num_clf_partitions", "an integer from 1 to 10000"),
        ("extreme", "retrain_hnsw_after", "an integer from 1 to 1000000"),
        ("extreme", "propensity_weight", "a number from 0 to 10"), ("extreme", "encoder_rate", "a number above 0 and up to 100"),
        ("extreme", "epsilon", "a number above 0 and up to 1"), ("extreme", "warmup", "a number from 0 to 0.99"),
        ("extreme", "layer_decay", "a number above 0 and up to 1"), ("extreme", "token_rate", "a number above 0 and up to 100"),
        ("extreme", "clip_norm", "a number from 0 to 1000000000"),
        ("extreme", "init", "one of \"token_embeddings\", \"random\", \"intermediate\", \"pretrained\" (or null for \"random\")"),
        ("extreme", "precision", "one of \"float32\", \"bfloat16\""),
    ]

    @Test("ranges of numbers, as messages say them", arguments: ranges)
    func range(section: String, key: String, expected: String) {
        #expect(failure { try parse("{\"\(section)\": {\"\(key)\": \"?\"}}") }?.expected == expected)
    }

    @Test("a number's range holds its ends, and nothing beside them", arguments: ranges)
    func ends(section: String, key: String, expected: String) throws {
        let numbers = expected.prefix { $0 != "(" && $0 != "," }.split(separator: " ").compactMap { Double($0) }
        guard numbers.count == 2 else { return }
        let isWhole = expected.hasPrefix("an integer"), step = isWhole ? 1 : 1e-6
        func isTaken(_ value: Double) -> Bool {
            (try? parse("{\"\(section)\": {\"\(key)\": \(JSONValue.number(value).text)}}")) != nil
        }
        let isOpen = expected.contains("above")
        #expect(isTaken(numbers[0]) != isOpen && isTaken(numbers[0] + step) && isTaken(numbers[1]))
        #expect(
            !isTaken(numbers[1] + (isWhole ? 1 : step * max(1, numbers[1])))
                && !isTaken(numbers[0] - step - (expected.contains("-1") ? 2 : 0)))
        if expected.contains("-1") { #expect(isTaken(-1)) }
    }

    @Test("texts that may be empty, and those that may not")
    func texts() {
        func isTaken(_ section: String, _ key: String, _ value: String) -> Bool {
            (try? parse("{\"\(section)\": {\"\(key)\": \(value)}}")) != nil
        }
        #expect(isTaken("global", "dataset", "\"\"") && isTaken("extreme", "pretrained", "\"\""))
        for key in [
            "arch", "trn_label_fname", "val_label_fname", "tst_label_fname", "trn_feat_fname", "val_feat_fname", "tst_feat_fname",
        ] {
            #expect(!isTaken("global", key, "\"\"") && isTaken("global", key, "\"x\""), "\(key)")
        }
        #expect(!isTaken("extreme", "embeddings", "\"\"") && !isTaken("global", "feature_indices", "\"\""))
        #expect(isTaken("global", "feature_indices", "null") && isTaken("global", "feature_indices", "\"x\""))
        #expect(
            !isTaken("global", "save_top_k", "0") && isTaken("global", "save_top_k", "1")
                && isTaken("global", "save_top_k", "null"))
        #expect(!isTaken("global", "save_top_k", "1000001") && isTaken("global", "save_top_k", "1000000"))
        for value in ["0", "1", "true", "false"] { #expect(isTaken("extreme", "bias", value)) }
        for value in ["2", "-1", "0.5", "null", "\"true\""] { #expect(!isTaken("extreme", "bias", value)) }
    }

    @Test("flags as numbers are what they are in Python")
    func numbersAsFlags() throws {
        let config = try parse(#"{"global": {"use_reranker": 0, "save_predictions": 1}, "extreme": {"bias": 0, "normalize": 1}}"#)
        #expect(
            !config.global.useReranker && config.global.savePredictions && !config.extreme.classifier.bias
                && config.extreme.normalize)
    }

    /// `beta` is a key of the modules too; in `global` its own rule is the only one.
    @Test("a key of global decides alone")
    func betaOfGlobal() {
        #expect(failure { try parse(#"{"global": {"beta": 2}}"#) }?.expected == "a number from 0 to 1")
    }

    @Test("the sections are listed")
    func sections() {
        let missing = failure { try Config.load(path: "/nowhere/my.json") }
        #expect(missing?.expected == "a JSON file with the sections global, surrogate, extreme and reranker")
        #expect(failure { try parse(#"{"xyz": {}}"#) }?.expected == "global, surrogate, extreme, reranker")
    }
}

@Suite("Metrics that choices are made by")
struct SelectionMetricTests {
    private func value(_ text: String) throws -> Double {
        let figures = [
            "P": [50, 40, 30, 20, 10], "nDCG": [1, 2, 3, 4, 5], "PSP": [25, 0, 5, 4, 100], "PSnDCG": [6, 7, 8, 9, 0.5],
            "R": [2, 4, 8, 16, 32],
        ]
        return try SelectionMetric(text, flag: "--keep").value { figures[$0] ?? [] }
    }

    @Test("a term is its figure, several their harmonic mean, 0 where one is 0")
    func means() throws {
        #expect(
            try value("P@1") == 50 && value("P@5") == 10 && value("nDCG@3") == 3 && value("psndcg@5") == 0.5 && value("R@4") == 16
        )
        #expect(try value("PSP@2") == 0)
        #expect(try abs(value("P@1+PSP@1") - 2 / (1 / 50.0 + 1 / 25.0)) < 1e-12)
        #expect(try abs(value("P@1+PSP@5+R@2") - 3 / (1 / 50.0 + 1 / 100.0 + 1 / 4.0)) < 1e-12)
        #expect(try value("P@1+PSP@2") == 0 && value("PSP@2+P@1") == 0)
    }

    @Test("names and ranks that there are")
    func names() throws {
        #expect(try SelectionMetric("ndcg@5+psp@1", flag: "").description == "nDCG@5+PSP@1")
        #expect(SelectionMetric.standard.description == "P@1")
        let failure = failure { try SelectionMetric("P@6", flag: "--keep") }
        #expect(failure?.place == "--keep" && failure?.advice.hasPrefix("did you mean P@") == true)
        #expect(failure?.expected.hasPrefix("P@1 … P@5, nDCG@1 … nDCG@5") == true)
    }
}

@Suite("What train is told, and what it takes where it is told nothing")
struct ArgumentTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        try folder.write(ConfigSamples.older, to: "configs/DeepXML/default.json")
        try folder.write("1 1\n", to: "data/Own/trn_X_Y.txt")
    }

    private func resolve(_ change: (inout TrainArguments) -> Void = { _ in }) throws -> TrainOptions {
        var arguments = TrainArguments()
        (arguments.work, arguments.configs, arguments.dataset) = (folder.path, "\(folder.path)/configs", "Own")
        arguments.framework = "DeepXML"
        change(&arguments)
        return try TrainOptions.resolve(arguments, workingDirectory: folder.path, executable: "/usr/bin/deepxml-dist")
    }

    @Test("nothing is typed")
    func defaults() throws {
        let typed = TrainArguments()
        #expect(typed.work == "." && typed.version == "0" && typed.seeds == "22" && typed.checkpointEvery == 5)
        #expect(typed.checkpointMinutes == 10 && typed.device == "auto" && typed.logFormat == "text")
        #expect(typed.predictions == "npz,h5" && typed.silenceTimeout == 600)
        for flag in [
            typed.fresh, typed.fastMath, typed.dryRun, typed.quiet, typed.learnersOnly, typed.mergesOnly, typed.baseline,
        ] { #expect(!flag) }
        let options = try resolve()
        for flag in [
            options.fresh, options.fastMath, options.dryRun, options.quiet, options.learnersOnly, options.mergesOnly,
            options.comparesBaseline, options.usesDemoData,
        ] { #expect(!flag) }
        #expect(options.silenceSeconds == 600 && options.device == .auto && options.threads == nil && options.validation == nil)
        #expect(options.configName == "DeepXML/default.json" && options.runName == "DeepXML-Astec-Own-v_0")
    }

    @Test("each flag is its own")
    func flags() throws {
        let changes: [(String, (inout TrainArguments) -> Void)] = [
            ("fresh", { $0.fresh = true }), ("dry_run", { $0.dryRun = true }), ("quiet", { $0.quiet = true }),
            ("learners_only", { $0.learnersOnly = true }), ("merges_only", { $0.mergesOnly = true }),
            ("baseline", { $0.baseline = true }),
        ]
        for (name, change) in changes {
            let options = try JSONValue.parse(Array(resolve(change).json.utf8), name: "x")
            for (other, _) in changes { #expect(options[other] == .bool(other == name), "\(other) of \(name)") }
        }
        #expect(try resolve { $0.fastMath = true }.fastMath)
    }

    @Test("ends of what may be typed")
    func ends() throws {
        func isTaken(_ change: (inout TrainArguments) -> Void) -> Bool { (try? resolve(change)) != nil }
        #expect(
            isTaken { $0.threads = 1 } && isTaken { $0.threads = 4096 } && !isTaken { $0.threads = 4097 }
                && !isTaken { $0.threads = 0 })
        #expect(isTaken { $0.checkpointEvery = 0 } && !isTaken { $0.checkpointEvery = -1 })
        #expect(isTaken { $0.checkpointMinutes = 0 } && !isTaken { $0.checkpointMinutes = -0.1 })
        #expect(!isTaken { $0.checkpointMinutes = .infinity } && isTaken { $0.checkpointMinutes = 0.1 })
        #expect(isTaken { $0.silenceTimeout = 0 } && !isTaken { $0.silenceTimeout = 0.5 })
        #expect(
            try resolve { $0.checkpointEvery = 1 }.checkpointEveryEpochs == 1
                && resolve { $0.checkpointMinutes = 1 }.checkpointEveryMinutes == 1)
        #expect(isTaken { $0.device = "gpu:1023" } && !isTaken { $0.device = "gpu:1024" })
    }

    @Test("seeds that a number of JSON holds, and larger ones")
    func largeSeeds() throws {
        let options = try resolve { $0.seeds = "9007199254740992,9007199254740993" }
        let seeds = try JSONValue.parse(Array(options.json.utf8), name: "x")["seeds"]
        #expect(seeds == .array([.number(9_007_199_254_740_992), .string("9007199254740993")]))
    }

    @Test("of many data sets ten are named")
    func manyDatasets() throws {
        for number in 10..<21 { try folder.write("1 1\n", to: "data/Set\(number)/trn_X_Y.txt") }
        let found = failure { try resolve { $0.dataset = "zzzzzzzz" } }?.found
        #expect(found?.hasSuffix("Own, " + (10..<19).map { "Set\($0)" }.joined(separator: ", ")) == true)
    }

    /// Four folders above the program, no more.
    @Test("configs are looked for above the program, but not far")
    func farAbove() throws {
        let there = try ScratchFolder(), here = try ScratchFolder()
        try there.write("{}", to: "configs/F/default.json")
        func find(_ path: String) throws -> String {
            try Config.folder(named: nil, framework: "F", workingDirectory: here.path, executable: "\(there.path)/\(path)")
        }
        #expect(try find("a/b/c/program") == "\(there.path)/configs" && find("program") == "\(there.path)/configs")
        #expect(failure { try find("a/b/c/d/program") } != nil)
    }
}

@Suite("Architectures' arguments")
struct ArchArgumentTests {
    private func arch(_ coarse: String) throws -> Arch {
        let text = "{\"transform_coarse\": \(coarse), \"transform_fine\": {\"order\": [\"identity\"], \"identity\": {}}}"
        return try Arch.parse(data: text.utf8, name: "A.json", arguments: Config())
    }

    @Test("flags are 1 and 0, null is as unsaid, lists are texts")
    func kinds() throws {
        let layer = try arch(
            #"{"order": ["a"], "a": {"yes": true, "no": false, "none": null, "n": 2.5, "t": "x", "l": [1, 2]}}"#
        ).coarse[0]
        #expect(layer.numbers == ["yes": 1, "no": 0, "n": 2.5] && layer.texts["t"] == "x" && layer.texts.count == 2)
    }

    @Test("arguments that no config says")
    func standing() throws {
        let layer = try arch(
            ##"{"order": ["a"], "a": {"v": "#ARGS.vocabulary_dims;", "p": "#ARGS.padding_idx;", "r": "#ARGS.res_init;"}}"##
        ).coarse[0]
        #expect(layer.numbers == ["v": -1, "p": 0] && layer.texts == ["r": "eye"])
    }

    @Test("tokens of a document that an encoder reads")
    func longest() {
        func longest(_ layers: Arch.Layer...) -> Int? { Arch(coarse: layers, fine: []).longestDocument }
        #expect(longest(.init(kind: "transformer")) == 512 && longest(.init(kind: "rnn")) == 1024)
        #expect(longest(.init(kind: "xmlcnn")) == 1024 && longest(.init(kind: "astec")) == nil)
        #expect(longest(.init(kind: "transformer", numbers: ["positions": 128])) == 128)
        #expect(
            longest(.init(kind: "rnn", numbers: ["max_tokens": 64]), .init(kind: "xmlcnn", numbers: ["max_tokens": 32])) == 32)
    }

    @Test("Astec's own dropout")
    func dropout() throws {
        #expect(try Arch.astec(dropout: 0.25).astecParameters() == AstecParameters(coarseDropout: 0.25, fineDropout: 0.25))
        for (dropout, isTaken) in [(0.0, true), (0.999, true), (1, false), (-0.1, false)] {
            let arch = Arch(coarse: [.init(kind: "astec", numbers: ["dropout": dropout])], fine: [])
            #expect(((try? arch.astecParameters()) != nil) == isTaken, "\(dropout)")
        }
        #expect(Arch.astec().isAstec && Arch(coarse: Arch.astec().coarse, fine: [.init(kind: "_identity")]).isAstec)
        #expect(!Arch(coarse: Arch.astec().coarse, fine: [.init(kind: "mlp")]).isAstec)
        #expect(!Arch(coarse: [.init(kind: "astec", texts: ["reduction": "mean"])], fine: []).isAstec)
    }
}
