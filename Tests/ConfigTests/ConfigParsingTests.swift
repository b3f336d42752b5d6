import Config
import Learners
import Testing

@Suite("Config files")
struct ConfigParsingTests {
    @Test("a config of the original decodes")
    func older() throws {
        let config = try parse(ConfigSamples.older)
        #expect(config.global.dataset == "EURLex-4K" && config.global.numLabels == 3993 && config.global.topK == 100)
        #expect(config.global.beta == 0.3 && config.global.surrogateThreshold == 1024 && config.global.useReranker)
        #expect(config.surrogate.optimisation.learningRate == 0.01 && config.extreme.optimisation.learningRate == 0.007)
        #expect(config.extreme.shortlist.length == 500 && config.extreme.shortlist.efS == 400 && config.extreme.encoder.isFrozen)
        #expect(config.extreme.beta == 0.5 && config.reranker.beta == 0.6 && config.reranker.optimisation.decayInterval == 10)
        #expect(config.reranker.keepInvalid && !config.extreme.keepInvalid && !config.reranker.encoder.isFrozen)
        #expect(
            config.extreme.shortlist.gamma == 0.075 && config.extreme.shortlist.maxPositives == 20
                && config.extreme.shortlist.randomNegatives == 170)
        try config.requireTrainable(.deepXML)
        #expect(config.notices(.deepXML).isEmpty)
    }

    @Test("a newer one decodes, and trains")
    func newer() throws {
        let config = try parse(ConfigSamples.newer)
        #expect(config.global.saveTopK == 100 && config.global.topK == 350 && config.global.embeddingDims == 512)
        #expect(config.extreme.encoder.start == .intermediate && config.reranker.encoder.start == .tokenEmbeddings)
        try config.requireTrainable(.deepXML)
        #expect(config.notices(.deepXML).isEmpty)
    }

    @Test("a config of one module decodes; framework DeepXML misses a section")
    func oneModule() throws {
        let config = try parse(ConfigSamples.oneModule)
        #expect(config.extreme.shortlist.period == 5 && config.global.surrogateThreshold == 0)
        #expect(failure { try config.requireTrainable(.deepXML) }?.problem == "section \"surrogate\" is missing")
        try config.requireTrainable(.anns)
        #expect(failure { try config.requireTrainable(.ova) }?.problem.hasPrefix("extreme.model_method = \"shortlist\"") == true)
        #expect(!config.usesReranker(.anns) && config.notices(.anns).count == 1)
    }

    /// `runner.py` updates one set of parameters: global, surrogate, extreme, global again, reranker.
    @Test("sections inherit in the original's order")
    func inheritance() throws {
        let config = try parse(
            """
            {"global": {"batch_size": 10, "beta": 0.25, "top_k": 70}, "surrogate": {"batch_size": 20, "dlr_step": 3},
             "extreme": {"dlr_step": 4, "num_nbrs": 500, "beta": 0.5}, "reranker": {"num_epochs": 2}}
            """)
        #expect(config.surrogate.optimisation.batchSize == 20)
        #expect(config.extreme.optimisation.batchSize == 20)
        #expect(config.reranker.optimisation.batchSize == 10)
        #expect(config.reranker.optimisation.decayInterval == 4)
        #expect(config.surrogate.beta == 0.25 && config.extreme.beta == 0.5 && config.reranker.beta == 0.25)
        #expect(
            config.surrogate.optimisation.epochs == 20 && config.extreme.optimisation.epochs == 20
                && config.reranker.optimisation.epochs == 2)
        #expect(config.reranker.shortlist.length == 70)
    }

    @Test("what no section says is as in the original's parameters")
    func defaults() throws {
        let config = try parse("{}")
        #expect(config == Config.whereAbsent.withReRankerShortlist(50))
        #expect(
            config.extreme.optimisation.optimiser == .sgd && config.extreme.optimisation.batchSize == 64
                && config.global.topK == 50)
        #expect(
            config.extreme.optimisation.learningRate == 0.1 && config.extreme.optimisation.decayInterval == 7
                && !config.extreme.normalize)
    }

    @Test("null means what it means to the original")
    func null() throws {
        let config = try parse(#"{"global": {"init": null, "save_top_k": null, "label_indices": null}}"#)
        #expect(config.surrogate.encoder.start == .random && config.global.saveTopK == nil)
    }

    @Test("0 and 1 are flags, true and false are no numbers")
    func flags() throws {
        #expect(try parse(#"{"global": {"use_reranker": 0, "normalize": 1}}"#).global.useReranker == false)
        #expect(failure { try parse(#"{"extreme": {"num_epochs": true}}"#) }?.expected == "an integer from 1 to 100000")
    }

    /// (section, key, value, what the message expects)
    @Test(
        "wrong types and ranges are refused, and the range is said",
        arguments: [
            ("extreme", "num_epochs", "0", "from 1 to"), ("extreme", "num_epochs", "2.5", "an integer"),
            ("extreme", "num_epochs", "\"5\"", "an integer"), ("extreme", "learning_rate", "0", "above 0"),
            ("extreme", "learning_rate", "-0.1", "above 0"), ("surrogate", "dlr_factor", "1.5", "up to 1"),
            ("surrogate", "dlr_step", "0", "or -1"), ("global", "beta", "1.01", "from 0 to 1"),
            ("reranker", "beta", "null", "from 0 to 1"), ("global", "use_reranker", "\"yes\"", "true or false"),
            ("global", "top_k", "0", "from 1"), ("global", "embedding_dims", "-300", "from 1"),
            ("extreme", "optim", "\"Adagrad\"", "\"Adam\", \"AdamW\", \"SGD\""),
            ("extreme", "ns_method", "\"centroi\"", "\"kcentroid\""),
            ("global", "trn_feat_fname", "\"\"", "name of a file"), ("global", "dataset", "7", "name of a data set"),
            ("extreme", "label_indices", "\"some.txt\"", "null"), ("extreme", "shuffle", "false", "true"),
            ("extreme", "embeddings", "null", "name of a file"), ("extreme", "gamma", "2", "from 0 to 1"),
        ])
    func ranges(section: String, key: String, value: String, expected: String) {
        let failure = failure { try parse("{\n\"\(section)\": {\n\"\(key)\": \(value)}}") }
        #expect(failure?.place == "my.json:3")
        #expect(failure?.problem.contains("\(section).\(key)") == true)
        #expect(failure?.found == value)
        #expect(failure?.expected.contains(expected) == true, "\(failure?.expected ?? "")")
    }

    /// (section, key, below the range, its ends, above it)
    @Test(
        "the ends of ranges are accepted, and what lies beyond is refused",
        arguments: [
            ("global", "A", "-0.1", "0", "10", "10.1"), ("global", "B", "0", "0.01", "1000", "1001"),
            ("global", "embedding_dims", "0", "1", "65536", "65537"), ("global", "top_k", "0", "1", "1000000", "1000001"),
            ("global", "surrogate_method", "-1", "0", "3", "4"), ("extreme", "num_epochs", "0", "1", "100000", "100001"),
            ("extreme", "batch_size", "0", "1", "1000000", "1000001"), ("extreme", "learning_rate", "0", "1e-9", "100", "101"),
            ("extreme", "dlr_factor", "0", "0.1", "1", "1.1"), ("extreme", "momentum", "-0.1", "0", "1", "1.1"),
            ("extreme", "M", "1", "2", "10000", "10001"), ("extreme", "num_nbrs", "0", "1", "1000000", "1000001"),
            ("extreme", "propensity_weight", "-0.1", "0", "10", "10.5"), ("extreme", "encoder_rate", "0", "0.5", "100", "101"),
            ("extreme", "epsilon", "0", "1e-9", "1", "1.5"), ("extreme", "warmup", "-0.1", "0", "0.99", "1"),
            ("extreme", "layer_decay", "0", "0.5", "1", "1.01"), ("extreme", "token_rate", "0", "0.5", "100", "101"),
            ("extreme", "clip_norm", "-1", "0", "1e9", "2000000000"),
            ("extreme", "retrain_hnsw_after", "0", "1", "1000000", "1000001"),
        ])
    func ends(section: String, key: String, below: String, low: String, high: String, above: String) {
        func text(_ value: String) -> String { "{\"\(section)\": {\"\(key)\": \(value)}}" }
        for value in [low, high] { #expect(throws: Never.self, "\(key) \(value)") { try parse(text(value)) } }
        for value in [below, above] {
            let failure = failure { try parse(text(value)) }
            #expect(failure?.found == value && failure?.problem.contains("\(section).\(key)") == true, "\(key) \(value)")
        }
    }

    @Test("what an empty config leaves to the program")
    func leftOut() throws {
        let config = try parse("{}"), module = config.extreme
        #expect(config.global.savePredictions && config.global.saveTopK == nil)
        #expect(module.optimisation.layerDecay == 1 && module.optimisation.encoderRate == 1 && module.optimisation.tokenRate == 1)
        #expect(module.shortlist.period == 1 && module.shortlist.searchesAnew && module.shortlist.isPadded)
        #expect(module.shortlist.maxPositives == 20 && module.shortlist.randomNegatives == 170)
    }

    @Test(
        "unknown keys get a suggestion",
        arguments: [
            ("extreme", "num_epoch", "did you mean \"num_epochs\"?"), ("extreme", "lr", "did you mean \"learning_rate\"?"),
            ("global", "topk", "did you mean \"top_k\"?"), ("extreme", "use_reranker", "move it to section \"global\""),
            ("surrogate", "lerning_rate", "did you mean \"learning_rate\"?"), ("reranker", "xyzzy", "remove it"),
            ("extreme", "NUM_NBRS", "did you mean \"num_nbrs\"?"),
        ])
    func unknownKeys(section: String, key: String, advice: String) {
        let failure = failure { try parse("{\"\(section)\":\n{\"\(key)\": 1}}") }
        #expect(failure?.place == "my.json:2")
        #expect(failure?.found == key)
        #expect(failure?.problem == "unknown key \"\(key)\" in section \"\(section)\"")
        #expect(failure?.advice.hasPrefix(advice) == true, "\(failure?.advice ?? "")")
    }

    @Test("unknown sections, sections that are no objects, and files that are none")
    func structure() {
        #expect(failure { try parse(#"{"extrem": {}}"#) }?.advice == "did you mean \"extreme\"?")
        #expect(failure { try parse(#"{"extreme": 5}"#) }?.problem == "section \"extreme\" is not an object")
        #expect(failure { try parse("[1]") }?.problem == "not a config file")
        #expect(failure { try Config.load(path: "/nowhere/my.json") }?.problem == "no such config file")
        #expect(failure { try Config.load(path: "/") }?.problem == "cannot read the config file")
    }

    @Test("the oldest layout is named for what it is")
    func flat() {
        let failure = failure { try parse(ConfigSamples.flat) }
        #expect(failure?.problem.contains("without sections") == true)
        #expect(failure?.place == "my.json:3")
    }

    @Test(
        "right values that the framework does not train are refused",
        arguments: [
            ("surrogate.model_method", "shortlist"), ("surrogate.freeze_intermediate", "true"),
            ("reranker.init", "intermediate"), ("extreme.model_method", "full"), ("reranker.shortlist_method", "hybrid"),
        ])
    func untrainable(setting: String, value: String) throws {
        var config = try parse(ConfigSamples.older)
        try config.set("\(setting)=\(value)")
        let failure = failure { try config.requireTrainable(.deepXML) }
        #expect(failure?.problem.hasPrefix("\(setting) = ") == true)
        #expect(failure?.place == "--set \(setting)=\(value)")
    }

    /// A row of a batch and a target are packed into 16 bits; one-vs-all packs none.
    @Test("a batch that shortlists cannot hold is refused", arguments: ["extreme", "reranker"])
    func largestBatch(section: String) throws {
        var config = try parse(ConfigSamples.older)
        try config.set("surrogate.batch_size=100000")
        try config.set("\(section).batch_size=32768")
        let other = section == "extreme" ? "reranker" : "extreme"
        try config.set("\(other).batch_size=255")
        try config.requireTrainable(.deepXML)
        try config.set("\(section).batch_size=32769")
        let failure = failure { try config.requireTrainable(.deepXML) }
        #expect(failure?.code == .usage && failure?.problem.hasPrefix("\(section).batch_size = 32769") == true)
        #expect(failure?.place == "--set \(section).batch_size=32769")
    }

    @Test("without a re-ranker its section is not looked at")
    func noReranker() throws {
        let config = try parse(ConfigSamples.older.replacing("\"use_reranker\": true", with: "\"use_reranker\": false"))
        var other = config
        try other.set("reranker.model_method=full")
        try other.set("reranker.normalize=false")
        try other.requireTrainable(.deepXML)
    }

    @Test("modules must agree on normalisation, which is done once")
    func normalisation() throws {
        var config = try parse(ConfigSamples.older)
        try config.set("extreme.normalize=false")
        #expect(failure { try config.requireTrainable(.deepXML) }?.problem == "modules disagree on normalize")
    }
}

extension Config {
    fileprivate func withReRankerShortlist(_ count: Int) -> Config {
        var config = self
        config.reranker.shortlist.length = count
        return config
    }
}
