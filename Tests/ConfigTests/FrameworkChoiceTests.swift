import Config
import Foundation
import Learners
import Support
import Testing

/// What is trained where neither a framework nor a config is named.
@Suite("The choice of a framework")
struct FrameworkChoiceTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private static let original = "--framework DeepXML trains the original's"
    private static let embeddings = "fasttextB_embeddings_300d.npy"

    /// A data set of which only the first line of the training labels is read.
    private func makeDataset(_ name: String, documents: Int, labels: Int, embeddings: Bool = true) throws {
        try folder.write("\(documents) \(labels)\n", to: "data/\(name)/trn_X_Y.txt")
        if embeddings { try folder.write("", to: "data/\(name)/\(Self.embeddings)") }
    }

    private func resolve(_ dataset: String?, _ change: (inout TrainArguments) -> Void = { _ in }) throws -> TrainOptions {
        var arguments = TrainArguments()
        (arguments.work, arguments.dataset, arguments.configs) = (folder.path, dataset, ShippedConfigTests.folder)
        change(&arguments)
        return try TrainOptions.resolve(arguments, workingDirectory: folder.path, executable: "/usr/bin/deepxml-dist")
    }

    private func text(_ options: TrainOptions, labels: Int) -> String? {
        options.choice?.text(labels: labels, time: "about 40.0 s a learner on 2 cores")
    }

    @Test("the demo, before and after its data are made: one-vs-all with its config, all seeds")
    func demo() throws {
        for isThere in [false, true] {
            if isThere { try makeDataset(TrainOptions.demoDataset, documents: 13_125, labels: 4041) }
            for name in [nil, TrainOptions.demoDataset] where isThere || name == nil {
                let options = try resolve(name) { $0.seeds = "108,666,786" }
                #expect(options.framework == .ova && options.seeds == [108, 666, 786])
                #expect(options.configPath.hasSuffix("DeepXML-OVA/WordNetDemo.json") && options.comparesBaseline == (name == nil))
                #expect(
                    text(options, labels: 4041)
                        == "framework DeepXML-OVA: 4,041 labels, about 40.0 s a learner on 2 cores; \(Self.original)")
            }
        }
    }

    @Test("a published data set has DeepXML with its config, and nothing is said")
    func published() throws {
        try makeDataset("AmazonTitles-3M", documents: 1_712_536, labels: 2_812_281)
        let options = try resolve("AmazonTitles-3M")
        #expect(options.framework == .deepXML && options.choice == nil && options.notices.isEmpty)
        #expect(try options == resolve("AmazonTitles-3M") { $0.framework = "DeepXML" })
    }

    @Test("a data set with a config of another framework has that")
    func ownConfig() throws {
        try makeDataset("WordNetShort", documents: 100, labels: 9)
        let options = try resolve("WordNetShort")
        #expect(options.framework == .ova && options.choice == FrameworkChoice(.ova, .ownConfig))
        #expect(text(options, labels: 9)?.contains("the data set's own config is for it; \(Self.original)") == true)
    }

    @Test("few labels: one-vs-all's default; many: the fast learner, of one seed")
    func size() throws {
        try makeDataset("Small", documents: 13_114, labels: 4015)
        let small = try resolve("Small") { $0.seeds = "5,6" }
        #expect(small.framework == .ova && small.configPath.hasSuffix("DeepXML-OVA/default.json") && small.seeds == [5, 6])
        #expect(small.choice == FrameworkChoice(.ova, .oneVsAllIsFast) && !small.comparesBaseline)
        try makeDataset("Large", documents: 485_176, labels: 670_091)
        let large = try resolve("Large") { $0.seeds = "5,6" }
        #expect(large.framework == .sparseSlice && large.seeds == [5] && large.choice?.onlySeed == 5)
        let said = text(large, labels: 670_091)
        #expect(said?.hasPrefix("framework SparseSlice: 670,091 labels, about 40.0 s a learner on 2 cores, one-vs-all") == true)
        #expect(said?.contains(" h on two cores, DiSMEC would take about ") == true)
        #expect(said?.contains(" h on two cores, seed 5 only") == true && said?.hasSuffix(Self.original) == true)
        #expect(try resolve("Large").choice?.onlySeed == nil)
        // Asked for by name, it says what is wrong where it reads the data.
        #expect(try resolve("Large") { ($0.framework, $0.seeds) = ("SparseSlice", "5,6") }.seeds == [5, 6])
        #expect(try resolve("Large") { $0.framework = "DeepXML" }.configPath.hasSuffix("DeepXML/default.json"))
    }

    @Test("without the embeddings that one-vs-all starts from: DiSMEC, which needs none, of one seed")
    func embeddings() throws {
        try makeDataset("Bare", documents: 13_114, labels: 4015, embeddings: false)
        let options = try resolve("Bare") { $0.seeds = "5,6" }
        #expect(options.choice?.reason == .noEmbeddings(path: "\(folder.path)/data/Bare/\(Self.embeddings)"))
        #expect(options.framework == .dismec && options.choice?.framework == .dismec && options.seeds == [5])
        #expect(text(options, labels: 1)?.contains("there is no \(folder.path)") == true)
        #expect(options.choice?.linearSeconds == nil && options.configPath.hasSuffix("DiSMEC/default.json"))
        #expect(try resolve("Bare") { $0.settings = ["extreme.init=random"] }.framework == .ova)
        #expect(try resolve("Bare") { $0.arch = "AstecPlain" }.framework == .ova)
    }

    @Test("what is typed must be the framework's")
    func typed() throws {
        try makeDataset("Small", documents: 13_114, labels: 4015)
        try makeDataset("Large", documents: 485_176, labels: 670_091)
        func chosen(_ dataset: String, _ settings: String..., arch: String? = nil) throws -> FrameworkName {
            try resolve(dataset) { ($0.settings, $0.arch) = (settings, arch) }.framework
        }
        #expect(try chosen("Small", "surrogate.num_epochs=3") == .deepXML)
        #expect(try chosen("Small", "reranker.num_epochs=3") == .deepXML)
        #expect(try chosen("Small", "extreme.num_epochs=3") == .ova)
        #expect(try chosen("Small", "global.top_k=9") == .ova && chosen("Large", "global.top_k=9") == .sparseSlice)
        #expect(try chosen("Small", " sparse_slice.C = 2") == .sparseSlice && chosen("Large", "sparse_slice.C=2") == .sparseSlice)
        #expect(try chosen("Small", "dismec.C = 2") == .dismec && chosen("Large", "dismec.C=2") == .dismec)
        for section in ["sparse_slice", "dismec"] {
            #expect(try resolve("Small") { $0.settings = ["\(section).C=2"] }.choice?.reason == .settings)
        }
        #expect(try chosen("Large", "extreme.num_epochs=3") == .deepXML && chosen("Large", arch: "AstecPlain") == .deepXML)
        #expect(try chosen("Large", "global.feature_type=sequential") == .deepXML)
        let failure = failure { try chosen("Small", "xtreme.num_epochs=3") }
        #expect(failure?.place == "--set xtreme.num_epochs=3")
    }

    @Test("a config that is named is DeepXML's, as ever")
    func config() throws {
        try makeDataset("Large", documents: 485_176, labels: 670_091)
        let options = try resolve("Large") { $0.config = ShippedConfigTests.folder + "/DeepXML/default.json" }
        #expect(options.framework == .deepXML && options.choice == nil)
    }

    @Test("one-vs-all's time: 6·D flop a document, label and epoch at the plan's rate, on two cores, and ten minutes of it")
    func oneVsAllTime() throws {
        // 15 epochs of 300 dimensions; 18 µs a document beside them, of which the cores share all but 2 µs.
        let labels = 10_000.0, perDocument = 15 * (2e-6 + 16e-6 / 2 + 6 * 300 * labels / 89e9 / 2), limit = Int(600 / perDocument)
        for (documents, framework) in [(limit - 10, FrameworkName.ova), (limit + 10, .sparseSlice)] {
            let choice = try Frameworks.choice(
                dataset: nil, documents: documents, labels: 10_000, configs: ShippedConfigTests.folder,
                workingDirectory: folder.path, executable: "/usr/bin/deepxml-dist")
            #expect(choice?.framework == framework)
            guard case .oneVsAllIsSlow(let seconds)? = choice?.reason else { continue }
            #expect(abs(seconds - Double(documents) * perDocument) < 1e-6 * seconds)
        }
        let published = try Frameworks.choice(
            dataset: "EURLex-4K", documents: 15_539, labels: 3993, configs: ShippedConfigTests.folder,
            workingDirectory: folder.path, executable: "/usr/bin/deepxml-dist")
        #expect(published == nil)
    }

    /// 0.23 µs a document and label, more by 1.1 ‰ for each of the 300·N/L features of a label's own documents, on two cores.
    @Test("without embeddings, DiSMEC's time decides: ten minutes of it")
    func linearTime() throws {
        func seconds(_ N: Double) -> Double { 1e4 * N * 2.3e-7 * (1 + 1.1e-3 * 300 * N / 1e4) / 2 }
        for (documents, framework) in [(111_000, FrameworkName.dismec), (112_000, .sparseSlice)] {
            try makeDataset("Bare\(documents)", documents: documents, labels: 10_000, embeddings: false)
            let options = try resolve("Bare\(documents)"), wanted = seconds(Double(documents))
            #expect((wanted > 600) == (framework == .sparseSlice) && options.framework == framework)
            guard framework == .sparseSlice else { continue }
            #expect(abs((options.choice?.linearSeconds ?? 0) - wanted) < 1e-6 * wanted)
            #expect(text(options, labels: 10_000)?.contains("start from, DiSMEC would take about 10.1 min on two cores;") == true)
        }
    }

    @Test("labels that are missing or damaged are said as ever")
    func damaged() throws {
        try folder.write("", to: "data/Empty/trn_X_Y.txt")
        #expect(failure { try resolve("Empty") }?.problem == "the file is empty")
        try folder.write("", to: "data/Gap/trn_X_Xf.txt")
        #expect(failure { try resolve("Gap") }?.place.hasSuffix("Gap/trn_X_Y.txt") == true)
        #expect(failure { try resolve("Nowhere") }?.problem == "no such data set")
    }
}
