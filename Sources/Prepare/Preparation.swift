import Diagnostics
import XCData

/// Makes a data set of the XC layout out of labelled texts, in one folder that appears when it is whole.
public struct Preparation: Sendable {
    /// The folder of data sets.
    public var dataFolder: String
    /// The data set's own folder in it.
    public var name: String
    /// Tokens of at least so many training documents are features.
    public var minCount = 2
    /// Labels of at least so many training documents are kept…
    public var minLabelCount = 2
    /// …unless they stand on a larger share of the training documents than this.
    public var maxLabelShare = 1.0
    /// Whether documents without a feature or without a kept label are left out of the files.
    public var dropsUnusable = false
    /// nil: no embeddings are written, and training has to begin from `init: random`.
    public var embeddings: FastText? = FastText()
    /// Whether a data set of that name is replaced.
    public var force = false

    public init(dataFolder: String, name: String) {
        self.dataFolder = dataFolder
        self.name = name
    }

    /// Writes trn/tst_X_Xf.txt, trn/tst_X_Y.txt, trn/tst_raw.tsv, vocabulary.txt, labels.txt, tokenizer.json and
    /// fasttextB_embeddings_300d.npy to `dataFolder/name`.
    ///
    /// The vocabulary, its weights and the labels are learnt from all of `train`, before unusable documents are left out.
    /// - Throws: `Failure`; the folder is then as it was before.
    @discardableResult
    public func run(train: [Document], test: [Document], log: (String) -> Void = { _ in }) throws -> PreparationSummary {
        let folder = try StagedFolder(parent: dataFolder, name: name, replacing: force)
        do {
            if embeddings != nil { _ = try FastText.program() }
            let summary = try fill(folder, train, test, log)
            try folder.commit()
            return summary
        } catch {
            folder.discard()
            throw error
        }
    }

    private func fill(
        _ folder: StagedFolder, _ train: [Document], _ test: [Document], _ log: (String) -> Void
    ) throws -> PreparationSummary {
        let tokenizer = Tokenizer()
        let texts = TokenisedText(train.lazy.map(\.text), tokenizer: tokenizer)
        let vectoriser = TextVectoriser(fitting: texts, tokenizer: tokenizer, minCount: minCount)
        let labels = LabelCatalogue(fitting: train, minCount: minLabelCount, maxShare: maxLabelShare)
        try refuseEmpty(vectoriser, labels, train)
        let trainPart = part(train, vectoriser.vectors(of: texts), labels)
        let testPart = part(test, test.map { vectoriser.vector(of: $0.text) }, labels)
        try vectoriser.save(to: folder.path)
        try OutputFile.write("\(folder.path)/labels.txt") { file in
            for name in labels.names { try file.write("\(name)\n") }
        }
        try trainPart.write(to: folder.path, prefix: "trn", features: vectoriser.vocabulary.count, labels: labels.names)
        try testPart.write(to: folder.path, prefix: "tst", features: vectoriser.vocabulary.count, labels: labels.names)
        try embed(texts, vectoriser, folder, log)
        return PreparationSummary(
            name: name, folder: folder.target, train: trainPart.count, test: testPart.count,
            features: vectoriser.vocabulary.count, labels: labels.names.count, labelsPerDocument: trainPart.labelsPerDocument,
            files: PreparationSummary.files(in: folder.path))
    }

    private func part(
        _ documents: [Document], _ vectors: [[(column: Int32, weight: Float)]], _ labels: LabelCatalogue
    ) -> PreparedPart {
        var part = PreparedPart()
        for (document, vector) in zip(documents, vectors) {
            let columns = labels.columns(of: document)
            if dropsUnusable && (vector.isEmpty || columns.isEmpty) { continue }
            part.append(vector: vector, labels: columns, text: document.text)
        }
        return part
    }

    private func embed(
        _ texts: TokenisedText, _ vectoriser: TextVectoriser, _ folder: StagedFolder, _ log: (String) -> Void
    ) throws {
        guard let embeddings else { return }
        let tokens = vectoriser.vocabulary.count
        log("training embeddings of \(tokens.grouped) tokens by fastText on \(texts.ids.count.grouped) tokens of text")
        let matrix = try embeddings.embeddings(of: vectoriser.vocabulary, trainedOn: texts, in: folder.path, log: log)
        try NPY.write(matrix, path: "\(folder.path)/fasttextB_embeddings_\(embeddings.dimensions)d.npy")
    }

    private func refuseEmpty(_ vectoriser: TextVectoriser, _ labels: LabelCatalogue, _ train: [Document]) throws {
        if vectoriser.vocabulary.isEmpty {
            throw Failure(
                .usage, "no token stands in \(minCount) or more training documents", at: name,
                found: "\(train.count) training documents", advice: "give more text, or lower --min-count")
        }
        if labels.names.isEmpty {
            throw Failure(
                .usage, "no label has \(minLabelCount) or more training documents", at: name,
                found: "\(train.count) training documents", advice: "give more documents, or lower --min-label-count")
        }
    }
}
