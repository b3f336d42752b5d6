import Config
import Support
import Testing

@Suite("--set, canonical JSON and fingerprints")
struct ConfigSettingTests {
    @Test("values of every type are set, bare words too")
    func values() throws {
        var config = try parse(ConfigSamples.older)
        for setting in [
            "extreme.num_epochs=5", "extreme.learning_rate=1e-3", "global.use_reranker=false", "surrogate.optim=SGD",
            "global.arch=\"Mine\"", "surrogate.dlr_step=-1", " reranker.num_nbrs =40", "surrogate.init=null",
        ] { try config.set(setting) }
        #expect(
            config.extreme.optimisation.epochs == 5 && config.extreme.optimisation.learningRate == 0.001
                && !config.global.useReranker)
        #expect(
            config.surrogate.optimisation.optimiser == .sgd && config.extreme.optimisation.optimiser == .adam
                && config.global.arch == "Mine")
        #expect(
            config.surrogate.optimisation.decayInterval == -1 && config.reranker.shortlist.length == 40
                && config.surrogate.encoder.start == .random)
    }

    @Test("numbers and words as people type them")
    func loose() throws {
        var config = try parse(ConfigSamples.older)
        for (text, value) in [(".01", 0.01), ("+.5", 0.5), ("5.", 5), ("1E-2", 0.01), ("007", 7), (" .25 ", 0.25)] {
            try config.set("extreme.learning_rate=\(text)")
            #expect(config.extreme.optimisation.learningRate == value, "\(text)")
        }
        try config.set("extreme.num_epochs=+3")
        try config.set("global.use_reranker=False")
        try config.set("surrogate.init=None")
        #expect(
            config.extreme.optimisation.epochs == 3 && !config.global.useReranker && config.surrogate.encoder.start == .random)
        for (text, isTrue) in [("True", true), ("False", false), ("true", true), ("false", false), ("1", true), ("0", false)] {
            for other in [true, false] {
                config.global.useReranker = other
                try config.set("global.use_reranker=\(text)")
                #expect(config.global.useReranker == isTrue, "\(text)")
            }
        }
        for text in ["nan", "inf", "0x10", "1e999", "--5", "1,5", ".", ""] {
            #expect(throws: Failure.self, "\(text)") { try config.set("extreme.learning_rate=\(text)") }
        }
    }

    @Test("a name may look like a number")
    func numericName() throws {
        var config = Config()
        try config.set("global.arch=2")
        #expect(config.global.arch == "2")
    }

    @Test("a setting is inherited as if the file had it")
    func inherited() throws {
        var config = try parse(ConfigSamples.newer)
        try config.set("surrogate.optim=SGD")
        #expect(config.extreme.optimisation.optimiser == .sgd && config.reranker.optimisation.optimiser == .sgd)
        try config.set("extreme.optim=Adam")
        #expect(config.surrogate.optimisation.optimiser == .sgd && config.reranker.optimisation.optimiser == .adam)
        try config.set("global.top_k=40")
        #expect(config.reranker.shortlist.length == 40)
    }

    @Test("a setting leaves alone what code has changed")
    func codeChanges() throws {
        var config = Config()
        config.extreme.optimisation.epochs = 3
        try config.set("extreme.batch_size=8")
        #expect(config.extreme.optimisation.epochs == 3 && config.extreme.optimisation.batchSize == 8)
    }

    @Test(
        "wrong settings are refused with advice",
        arguments: [
            ("extreme.num_epoch=5", "did you mean \"num_epochs\"?"), ("extrem.num_epochs=5", "did you mean \"extreme\"?"),
            ("num_nbrs=5", "say which: global.num_nbrs, surrogate.num_nbrs, extreme.num_nbrs, reranker.num_nbrs"),
            ("extreme.num_epochs", ""), ("extreme.num_epochs=", ""), ("extreme.num_epochs=many", ""), ("=5", ""), (".=5", ""),
        ])
    func refused(setting: String, advice: String) {
        var config = Config()
        let before = config
        let failure = failure { try config.set(setting) }
        #expect(failure?.code == .usage && failure?.place == "--set \(setting)")
        #expect(failure?.advice == advice)
        #expect(config == before)
    }

    @Test(
        "canonical JSON parses to an equal config",
        arguments: ["older", "newer", "one module"])
    func canonical(sample: String) throws {
        let samples = ["older": ConfigSamples.older, "newer": ConfigSamples.newer, "one module": ConfigSamples.oneModule]
        var config = try parse(try #require(samples[sample]))
        try config.set("extreme.learning_rate=0.00123")
        let again = try parse(config.json)
        #expect(again == config)
        #expect(again.json == config.json && again.fingerprint == config.fingerprint)
    }

    @Test(
        "the fingerprint follows what changes a learner",
        arguments: [
            ("extreme.num_epochs=21", true), ("reranker.beta=0.61", true), ("global.surrogate_threshold=512", true),
            ("surrogate.embeddings=other.npy", true), ("global.beta=0.31", true), ("extreme.gamma=0.08", true),
            ("global.save_predictions=false", false), ("global.A=0.6", false), ("global.num_labels=-1", false),
            ("global.label_text_documents=true", true), ("global.held_out_labels=a.txt", true),
            ("extreme.label_text_classifiers=true", true), ("global.lbl_feat_fname=a.txt", false),
            ("global.trn_feat_fname=a.txt", false), ("extreme.ann_threads=4", false), ("global.dataset=Other", false),
        ])
    func fingerprint(setting: String, changes: Bool) throws {
        let before = try parse(ConfigSamples.older)
        var after = before
        try after.set(setting)
        #expect((after.fingerprint != before.fingerprint) == changes)
        #expect(after.differences(from: before).isEmpty == !changes)
    }

    @Test("keys that earlier versions lacked are not part of a config that leaves them as they are")
    func addedKeys() throws {
        var config = try parse(ConfigSamples.older)
        #expect(!config.json.contains("label_text") && !config.json.contains("held_out"))
        try config.set("global.label_text_documents=true")
        #expect(config.json.contains("label_text_documents") && !config.json.contains("held_out"))
        #expect(try parse(config.json) == config)
    }

    @Test("A and B change a learner whose biases they weigh")
    func fingerprintOfPropensities() throws {
        var before = try parse(ConfigSamples.older)
        try before.set("extreme.propensity_weight=1")
        var after = before
        try after.set("global.B=2.6")
        #expect(after.fingerprint != before.fingerprint)
        #expect(after.differences(from: before) == ["global.B is 2.6, and was \(before.global.B)"])
    }

    @Test("a difference is said in words")
    func difference() throws {
        let before = try parse(ConfigSamples.older)
        var after = before
        try after.set("extreme.num_epochs=5")
        #expect(after.differences(from: before) == ["extreme.num_epochs is 5, and was 20"])
    }

    @Test("the fingerprint does not depend on where the file stands")
    func digest() throws {
        let config = try parse(ConfigSamples.older)
        #expect(config.fingerprint.count == 16 && config.fingerprint.allSatisfy(\.isHexDigit))
        #expect(try parse(ConfigSamples.older, name: "elsewhere.json").fingerprint == config.fingerprint)
    }
}
