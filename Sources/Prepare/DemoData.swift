import Support

/// The demo's data set: WordNet's noun synsets, each a text (its lemmas and definition) whose labels are all its hypernyms.
///
/// Nothing about it is made up, its labels have the long tail of large label sets, and every Debian has it in one package.
public enum DemoData {
    /// The name by which the main command looks for it.
    public static let name = "WordNetDemo"

    /// Prepares the demo's data set in `dataFolder/name`.
    ///
    /// Labels on more than a quarter of the documents (entity, object, …) say nothing and are left out, as are documents
    /// without a feature or a label.
    /// - Parameters:
    ///   - full: all synsets (about 66,000 training documents) and not one in five (about 13,000, with 4,000 labels).
    ///   - seed: of the choice of synsets, of the 80:20 split and of the embeddings.
    ///   - embeddings: nil leaves them out.
    ///   - labelText: the texts of labels are written as well: the lemmas and the definition of the label's synset, or, of a synset
    ///     that is itself a test document, its lemmas alone, so that nothing is trained on a test document's definition.
    ///   - force: whether a data set of that name is replaced.
    ///   - wordNetFile: WordNet's data.noun.
    ///   - configure: changes what has no parameter here (sub-words, number of features).
    ///   - log: gets a line a stage.
    /// - Throws: `Failure` where WordNet or fastText is not installed, the folder exists, or nothing can be written.
    @discardableResult
    public static func prepare(
        into dataFolder: String, name: String = DemoData.name, full: Bool = false, seed: UInt64 = 0,
        minCount: Int = 2, minLabelCount: Int = 2, embeddings: FastText? = FastText(), labelText: Bool = false,
        force: Bool = false,
        wordNetFile: String = WordNet.debianFile, configure: (inout Preparation) -> Void = { _ in },
        log: (String) -> Void = { _ in }
    ) throws -> PreparationSummary {
        var preparation = Preparation(dataFolder: dataFolder, name: name)
        preparation.minCount = minCount
        preparation.minLabelCount = minLabelCount
        preparation.maxLabelShare = 0.25
        preparation.dropsUnusable = true
        preparation.force = force
        preparation.embeddings = embeddings
        preparation.embeddings?.seed = seed
        configure(&preparation)
        log("reading WordNet's noun synsets from \(wordNetFile)")
        let net = try ProgressScope.stage("reading WordNet") { _ in try WordNet(file: wordNetFile) }
        let all = net.documents()
        let documents = full ? all : sample(all, oneIn: 5, seed: seed)
        let (train, test) = split(documents, seed: seed)
        if labelText {
            let texts = net.labelTexts(unseen: Set(test.map(\.text)))
            preparation.labelText = { texts[$0] ?? "" }
        }
        return try preparation.run(train: train, test: test, log: log)
    }

    static func sample(_ documents: [Document], oneIn share: Int, seed: UInt64) -> [Document] {
        SeededOrder(count: documents.count, seed: seed).positions.prefix(max(documents.count / share, 1)).map { documents[$0] }
    }

    /// Four in five for training, in an order that depends on the seed.
    public static func split(_ documents: [Document], seed: UInt64) -> (train: [Document], test: [Document]) {
        let order = SeededOrder(count: documents.count, seed: seed ^ 0x80_20).positions.map { documents[$0] }
        // A single document is trained on.
        let cut = max(min(1, documents.count), documents.count * 4 / 5)
        return (Array(order[..<cut]), Array(order[cut...]))
    }
}

/// An order of `0..<count` that depends on the seed alone, on every machine and with every version of Swift.
///
/// Fisher–Yates, with SplitMix64 (Steele, Lea & Flood, OOPSLA 2014) for the numbers.
struct SeededOrder {
    let positions: [Int]

    init(count: Int, seed: UInt64) {
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            let pick = Int(next().multipliedFullWidth(by: UInt64(last + 1)).high)
            order.swapAt(last, pick)
        }
        positions = order
    }
}
