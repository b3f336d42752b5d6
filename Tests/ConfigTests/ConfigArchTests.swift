import Config
import Support
import Testing

@Suite("Arch files")
struct ConfigArchTests {
    private func arch(_ text: String, _ config: Config = Config()) throws -> Arch {
        try Arch.parse(data: text.utf8, name: "A.json", arguments: config)
    }

    @Test("arguments of the config are put in")
    func substitution() throws {
        var config = try parse(ConfigSamples.older)
        config.global.embeddingDims = 512
        let arch = try arch(ConfigSamples.astec, config)
        #expect(arch.coarse.map(\.kind) == ["astec"] && arch.fine.map(\.kind) == ["residual"])
        #expect(arch.coarse[0].numbers["embedding_dims"] == 512 && arch.coarse[0].numbers["vocabulary_dims"] == -1)
        #expect(arch.coarse[0].numbers["freeze"] == 1 && arch.fine[0].texts["init"] == "eye")
        #expect(try arch.astecParameters(embeddingDims: 512) == AstecParameters(coarseDropout: 0.4, fineDropout: 0.2))
    }

    @Test("a text argument keeps its quotes, one inside a text is put in as it is")
    func textArguments() throws {
        let text =
            ##"{"transform_coarse": {"order": ["astec"], "astec": {"a": "#ARGS.optim;", "b": "x-#ARGS.efC;-y"}}, "##
            + ##""transform_fine": {"order": ["identity"], "identity": {"dropout": "#ARGS.dropout;"}}}"##
        let arch = try arch(text)
        #expect(arch.coarse[0].texts == ["a": "Adam", "b": "x-300-y"])
        #expect(arch.fine[0].numbers == ["dropout": 0.5])
    }

    @Test("the built-in architecture is Astec with the original's dropout")
    func builtIn() throws {
        #expect(try Arch.astec().astecParameters() == AstecParameters(coarseDropout: 0.5, fineDropout: 0.5))
        let plain = Arch(coarse: [.init(kind: "astec")], fine: [.init(kind: "identity")])
        #expect(try plain.astecParameters() == AstecParameters(coarseDropout: 0.5, fineDropout: nil))
    }

    @Test("other architectures are read, and refused when they are to be trained")
    func untrainable() throws {
        let recurrent = try arch(ConfigSamples.recurrent)
        #expect(recurrent.coarse.map(\.kind) == ["astecpp", "rnn", "dropout"])
        #expect(recurrent.coarse[1].texts["cell_type"] == "GRU" && recurrent.coarse[2].numbers["p"] == 0.3)
        let failure = failure { try recurrent.astecParameters() }
        #expect(failure?.problem.contains("cannot be trained") == true && failure?.found == #"["astecpp", "rnn", "dropout"]"#)
    }

    @Test("values that Astec cannot have are refused")
    func astecValues() throws {
        let small = try arch(ConfigSamples.astec)
        #expect(failure { try small.astecParameters(embeddingDims: 256) }?.expected.hasPrefix("256") == true)
        let certain = Arch(coarse: [.init(kind: "astec", numbers: ["dropout": 1])], fine: [])
        #expect(failure { try certain.astecParameters() }?.place == "astec.dropout")
        let mean = Arch(coarse: [.init(kind: "astec", texts: ["reduction": "mean"])], fine: [])
        #expect(failure { try mean.astecParameters() }?.place == "astec.reduction")
        let twice = Arch(coarse: Arch.astec().coarse, fine: Arch.astec().fine + Arch.astec().fine)
        #expect(failure { try twice.astecParameters() }?.place == "transform_fine")
    }

    @Test(
        "bad arch files are refused",
        arguments: [
            ("{\"transform_coarse\": {\"order\": [\"astec\"],\n\"astec\": {\"d\": \"#ARGS.embeding_dims;\"}}}", "A.json:2"),
            ("{\"transform_coarse\": {\"order\": [\"astec\"], \"astec\": {\"d\": \"#ARGS.efC\"}}}", "A.json:1"),
            ("{\"transform_coarse\": {\"order\": [\"astec\"]}}", "A.json"),
            ("{\"transform_coarse\": {\"order\": []}}", "A.json"), ("{}", "A.json"), ("{\n\"transform\": {}}", "A.json:2"),
            ("{", "A.json:1:2"),
        ])
    func bad(text: String, place: String) { #expect(failure { try arch(text) }?.place == place) }

    @Test("a misspelt argument gets a suggestion")
    func suggestion() {
        let text = ##"{"transform_coarse": {"order": ["astec"], "astec": {"d": "#ARGS.embeding_dims;"}}}"##
        #expect(failure { try arch(text) }?.advice == "did you mean #ARGS.embedding_dims;?")
        #expect(failure { try Arch.load(path: "/nowhere.json", arguments: Config()) }?.place == "/nowhere.json")
    }
}
