import Config
import Foundation
import Learners
import Testing

@Suite("The configs that are shipped")
struct ShippedConfigTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("configs").path
    static let frameworks = ["DeepXML", "DeepXML-ANNS", "DeepXML-OVA"]

    /// Data set, then the number of labels and the propensity constants of its page in the XC repository.
    static let datasets: [(name: String, labels: Int, A: Double, B: Double)] = [
        ("EURLex-4K", 3993, 0.55, 1.5), ("AmazonTitles-670K", 670_091, 0.6, 2.6), ("Amazon-670K", 670_091, 0.6, 2.6),
        ("AmazonTitles-3M", 2_812_281, 0.6, 2.6), ("WikiSeeAlsoTitles-350K", 352_072, 0.55, 1.5),
        ("WikiTitles-500K", 501_070, 0.5, 0.4), ("LF-AmazonTitles-131K", 131_073, 0.6, 2.6),
        ("LF-Amazon-131K", 131_073, 0.6, 2.6), ("LF-AmazonTitles-1.3M", 1_305_265, 0.6, 2.6),
        ("LF-WikiSeeAlsoTitles-320K", 312_330, 0.55, 1.5), ("LF-WikiSeeAlso-320K", 312_330, 0.55, 1.5),
        ("LF-WikiTitles-500K", 501_070, 0.5, 0.4),
    ]

    /// Configs of encoders that read words in order.
    static let readersOfOrder = ["WordNetMiniLM": "MiniLM", "WordNetGRU": "GRUResidual"]

    static func files(_ kind: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(kind)")) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }

    static func load(_ framework: String, _ dataset: String) throws -> Config {
        try Config.load(path: "\(folder)/\(framework)/\(dataset).json")
    }

    @Test("every file of every framework is read, and is one that the framework trains", arguments: frameworks)
    func readable(framework: String) throws {
        let names = Self.files(framework)
        #expect(names.count >= Self.datasets.count + 2)
        for name in names {
            let config = try Config.load(path: "\(Self.folder)/\(framework)/\(name)")
            try config.requireTrainable(Frameworks.named(framework).requirements)
            let stem = String(name.dropLast(".json".count))
            #expect(config.global.dataset == (stem == "default" ? "" : stem), "\(framework)/\(name)")
            let arch =
                Self.readersOfOrder[stem] ?? (Self.shortTexts.contains("\(framework)/\(stem)") ? "AstecPlain" : "Astec")
            #expect(config.global.arch == arch, "\(framework)/\(name)")
        }
    }

    @Test("every data set has a config of every framework, with its labels and propensities", arguments: frameworks)
    func complete(framework: String) throws {
        for dataset in Self.datasets {
            let global = try Self.load(framework, dataset.name).global
            #expect(global.numLabels == dataset.labels, "\(framework)/\(dataset.name)")
            #expect(global.A == dataset.A && global.B == dataset.B, "\(framework)/\(dataset.name)")
            #expect(global.featureType == .sparse && global.savePredictions, "\(framework)/\(dataset.name)")
        }
    }

    @Test("the three frameworks agree on a data set's size, dimensions and files")
    func agreement() throws {
        for dataset in Self.datasets {
            let first = try Self.load("DeepXML", dataset.name)
            for framework in Self.frameworks {
                let config = try Self.load(framework, dataset.name)
                #expect(config.global.embeddingDims == first.global.embeddingDims, "\(framework)/\(dataset.name)")
                #expect(config.global.topK == first.global.topK, "\(framework)/\(dataset.name)")
                #expect(config.global.saveTopK == first.global.saveTopK, "\(framework)/\(dataset.name)")
                #expect(config.global.trnFeatFname == first.global.trnFeatFname, "\(framework)/\(dataset.name)")
                let embeddings = "fasttextB_embeddings_\(config.global.embeddingDims)d.npy"
                #expect(config.extreme.encoder.embeddings == embeddings, "\(framework)/\(dataset.name)")
                #expect(
                    config.extreme.optimisation.batchSize == 255 && config.extreme.optimisation.optimiser == .adam
                        && config.extreme.normalize)
            }
        }
    }

    @Test("DeepXML's have the three modules")
    func deepXML() throws {
        for name in Self.files("DeepXML") {
            let config = try Config.load(path: "\(Self.folder)/DeepXML/\(name)")
            #expect(config.global.surrogateMethod == 1 && config.global.useReranker, "\(name)")
            #expect(config.extreme.encoder.start == .intermediate && config.extreme.encoder.isFrozen, "\(name)")
            #expect(config.reranker.encoder.start == .tokenEmbeddings && config.reranker.keepInvalid, "\(name)")
            #expect(config.reranker.shortlist.length == config.global.topK, "\(name)")
        }
    }

    @Test("OVA and ANNS have one module that trains the encoder, and no re-ranker")
    func oneModule() throws {
        for (framework, method) in [("DeepXML-OVA", "full"), ("DeepXML-ANNS", "shortlist")] {
            for name in Self.files(framework) {
                let config = try Config.load(path: "\(Self.folder)/\(framework)/\(name)")
                #expect(config.extreme.classifier.method.rawValue == method, "\(framework)/\(name)")
                #expect(!config.extreme.encoder.isFrozen && !config.global.useReranker, "\(framework)/\(name)")
                let start: EncoderConfig.Start = name == "WordNetMiniLM.json" ? .pretrained : .tokenEmbeddings
                #expect(config.extreme.encoder.start == start, "\(framework)/\(name)")
                #expect(config.global.surrogateMethod == 0, "\(framework)/\(name)")
                let steps = config.extreme.optimisation
                #expect(steps.schedule == .linear || steps.decayInterval < steps.epochs, "\(framework)/\(name)")
            }
        }
    }

    /// The settings behind the authors' figures on WordNetSmall, their EURLex-4K config with another name.
    @Test("WordNetSmall is trained as the authors' code was")
    func wordNet() throws {
        let ova = try Self.load("DeepXML-OVA", "WordNetSmall").extreme
        #expect(
            ova.optimisation.epochs == 30 && ova.optimisation.learningRate == 0.01 && ova.optimisation.decayInterval == 14
                && ova.optimisation.decayFactor == 0.5)
        let config = try Self.load("DeepXML-ANNS", "WordNetSmall")
        let anns = config.extreme
        #expect(
            anns.optimisation.epochs == 30 && anns.optimisation.learningRate == 0.007 && anns.optimisation.decayInterval == 14
                && anns.optimisation.decayFactor == 0.5)
        #expect(anns.shortlist.period == 5 && anns.beta == 0.5 && config.global.beta == 0.5)
        #expect(anns.shortlist.length == 500 && anns.shortlist.M == 100 && anns.shortlist.efC == 300 && anns.shortlist.efS == 400)
        for framework in Self.frameworks {
            var small = try Self.load(framework, "WordNetSmall")
            let eurlex = try Self.load(framework, "EURLex-4K")
            small.global.dataset = eurlex.global.dataset
            small.global.numLabels = eurlex.global.numLabels
            #expect(small == eurlex, "\(framework)")
        }
    }

    /// Configs for short texts, of docs/ACCURACY.md.
    static let shortTexts: Set = ["DeepXML-OVA/WordNetShort", "DeepXML-OVA/WordNetDemo", "DeepXML-OVA/default"]

    @Test(
        "the configs for short texts are the one that was chosen on validation data",
        arguments: ["WordNetShort", "WordNetDemo", "default"])
    func short(name: String) throws {
        let config = try Self.load("DeepXML-OVA", name), extreme = config.extreme
        #expect(
            extreme.classifier.biasStart == .prior && extreme.classifier.precision == .bfloat16 && extreme.encoder.dropout == 0.5)
        #expect(extreme.classifier.propensityWeight == 1.4 && extreme.optimisation.encoderRate == 0.5)
        #expect(
            extreme.optimisation.epochs == 15 && extreme.optimisation.learningRate == 0.02
                && extreme.optimisation.schedule == .linear)
        let arch = try Arch.load(path: "\(Self.folder)/arch/\(config.global.arch).json", arguments: config)
        #expect(arch.coarse.map(\.kind) == ["astec"] && arch.coarse[0].numbers["dropout"] == 0.5)
        #expect(arch.fine.map(\.kind) == ["identity"])
    }

    @Test("a pretrained encoder is trained with AdamW, warm-up and a rate of its own, as it was tried")
    func pretrained() throws {
        let config = try Self.load("DeepXML-OVA", "WordNetMiniLM"), extreme = config.extreme, steps = extreme.optimisation
        #expect(extreme.encoder.start == .pretrained && config.global.featureType == .sequential)
        #expect(steps.optimiser == .adamW && steps.schedule == .linear && steps.warmup == 0.1 && steps.batchSize == 64)
        #expect(abs(steps.learningRate * steps.encoderRate - 1.5e-4) < 1e-12)
        let arch = try Arch.load(path: "\(Self.folder)/arch/\(config.global.arch).json", arguments: config)
        #expect(arch.coarse.map(\.kind) == ["transformer", "pooling", "dropout"] && config.global.embeddingDims == 384)
    }

    @Test("words in order are read from the sequences, with rates of layers and tokens of their own, as it was tried")
    func wordOrder() throws {
        let config = try Self.load("DeepXML-OVA", "WordNetGRU"), steps = config.extreme.optimisation
        #expect(config.global.featureType == .sequential && steps.schedule == .linear && steps.epochs == 20)
        #expect(abs(steps.learningRate * steps.encoderRate - 0.0015) < 1e-12)
        #expect(abs(steps.learningRate * steps.encoderRate * steps.tokenRate - 0.01) < 1e-5)
        let arch = try Arch.load(path: "\(Self.folder)/arch/\(config.global.arch).json", arguments: config)
        #expect(arch.coarse.map(\.kind) == ["astecpp", "rnn", "pooling", "dropout"])
    }

    /// Layers that an arch file may name; `ConfigArchTests` has how they are read.
    static let layers: Set = [
        "astec", "astecpp", "rnn", "xmlcnn", "mlp", "linear", "relu", "dropout", "batchnorm1d", "residual", "identity",
        "_identity", "transformer", "pooling", "turn", "inception", "conv1d", "flatten", "gelu",
    ]

    @Test("arch files are read with the arguments of every framework's default")
    func arch() throws {
        #expect(Self.files("arch").count >= 8)
        for name in Self.files("arch") {
            for framework in Self.frameworks {
                let config = try Self.load(framework, "default")
                let arch = try Arch.load(path: "\(Self.folder)/arch/\(name)", arguments: config)
                #expect((arch.coarse + arch.fine).allSatisfy { Self.layers.contains($0.kind) }, "\(name)")
                let texts = (arch.coarse + arch.fine).flatMap { $0.texts.values }
                #expect(!texts.contains { $0.contains("#ARGS") }, "\(name)")
            }
        }
    }

    @Test("a recurrent arch file ends in vectors of embedding_dims", arguments: ["RNN", "GRU", "LSTM"])
    func recurrent(cell: String) throws {
        var config = try Self.load("DeepXML", "default")
        config.global.embeddingDims = 64
        let arch = try Arch.load(path: "\(Self.folder)/arch/\(cell).json", arguments: config)
        #expect(arch.coarse.map(\.kind) == ["astecpp", "rnn", "linear", "dropout"])
        #expect(arch.coarse[1].texts["cell_type"] == cell && arch.coarse[1].numbers["input_size"] == 64)
        let directions = arch.coarse[1].numbers["bidirectional"] == 1 ? 2.0 : 1
        #expect(arch.coarse[2].numbers["input_size"] == directions * (arch.coarse[1].numbers["hidden_size"] ?? 0))
        #expect(arch.coarse[2].numbers["output_size"] == 64)
    }
}
