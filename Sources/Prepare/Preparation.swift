import Formats
import Support

/// Makes a data set of the XC layout out of labelled texts, in one folder that appears when it is complete.
public struct Preparation: Sendable {
    /// The folder of data sets.
    public var dataFolder: String
    /// The data set's own folder in it.
    public var name: String
    /// Tokens of at least so many training documents are features.
    public var minCount = 2
    /// At most so many features: those of the most training documents, words before sub-words and then by name where equal.
    public var maxFeatures: Int?
    /// Features beside the tokens.
    public var subwords = SubwordRule.none
    /// Whether the order of the tokens is written too, which sequential encoders need.
    public var writesSequences = true
    /// The sequences are then word pieces, as this encoder reads them, and not the tokens that are features.
    public var pretrained: PretrainedPieces?
    /// Labels of at least so many training documents are kept…
    public var minLabelCount = 2
    /// …unless they stand on a larger share of the training documents than this.
    public var maxLabelShare = 1.0
    /// All labels in the order of their columns; nil: sorted by name.
    public var labelOrder: LabelNames?
    /// Whether all of `labelOrder` is kept, so that columns are the labels' numbers there.
    public var keepsAllLabels = false
    /// Whether documents without a feature or without a kept label are left out of the files.
    public var dropsUnusable = false
    /// The text of a label, by its name, empty where it has none; nil: texts of labels are not written.
    public var labelText: (@Sendable (String) -> String)?
    /// The fields that the texts came of, where documents had more than one.
    public var textFields = TextFields.both
    /// Whether the pairs of a document and the label that it is itself are written, in data sets whose labels are documents too.
    public var filtersOwn = false
    /// The title of a label by its name; nil: its name is, and its text where there is one.
    public var labelTitle: (@Sendable (String) -> String)?
    /// nil: no embeddings are written, and training has to begin from `init: random`.
    public var embeddings: FastText? = FastText()
    /// Whether a data set of that name is replaced.
    public var force = false

    public init(dataFolder: String, name: String) {
        self.dataFolder = dataFolder
        self.name = name
    }

    /// Tells before documents are read that the data set's folder could not be made.
    ///
    /// - Throws: `Failure` where its name is no folder's, or something stands there.
    public func checkTarget() throws { _ = try StagedFolder.check(parent: dataFolder, name: name, replacing: force) }

    /// Tells before documents are read that they would go with the folder that is replaced.
    ///
    /// - Throws: `Failure(.usage)` where one of the files stands in it.
    public func checkKept(_ files: [String]) throws {
        let folder = "\(dataFolder)/\(name)"
        guard let file = files.first(where: { isFile($0) && isSameFolder(parentFolder($0), folder) }) else { return }
        throw Failure(
            .usage, "a file that is read would go with the data set that is replaced", at: file, found: "--force of \(folder)",
            expected: "files elsewhere, or another name", advice: "copy it to another folder first, or choose another --name")
    }

    /// Writes trn/tst_X_Xf.txt, trn/tst_X_Y.txt, trn/tst_X_seq.npz, trn/tst_raw.tsv, vocabulary.txt, labels.txt,
    /// tokenizer.json, wordpiece.json (where the sequences are pieces), lbl_X_Xf.txt, lbl_X_seq.npz and lbl_raw.txt (of labels' texts), text_fields.txt (where a choice was made),
    /// filter_labels_train.txt and filter_labels_test.txt (with `filtersOwn`) and fasttextB_embeddings_300d.npy to `dataFolder/name`.
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
        let texts = TokenisedText(train.lazy.map(\.text), tokenizer: tokenizer, count: train.count)
        let vectoriser = ProgressScope.stage("choosing features") { _ in
            TextVectoriser(
                fitting: texts, tokenizer: tokenizer, minCount: minCount, maxFeatures: maxFeatures, subwords: subwords)
        }
        let labels = catalogue(train)
        try refuseEmpty(vectoriser, labels, train)
        let own = filtersOwn ? OwnLabels(labels.names, titles: titles) : nil
        let trainPart = part(train, vectoriser.sequences(of: texts), vectoriser, labels, own)
        let testSequences = ProgressScope.stage("cutting test texts into words", of: test.count, "texts") { progress in
            test.map { document in
                defer { progress.advance() }
                return vectoriser.sequence(of: document.text)
            }
        }
        let testPart = part(test, testSequences, vectoriser, labels, own)
        try vectoriser.save(to: folder.path)
        try pretrained?.tokenizer.save(to: folder.path)
        if textFields != .both {
            try TextOutput.write("\(folder.path)/\(TextFields.fileName)", lines: [textFields.rawValue])
        }
        try TextOutput.write("\(folder.path)/labels.txt", lines: labels.names)
        for (part, prefix) in [(trainPart, "trn"), (testPart, "tst")] {
            let features = vectoriser.vocabulary.count
            try part.write(to: folder.path, prefix: prefix, features: features, labels: labels.names)
            let tokens = pretrained?.columns ?? features
            if writesSequences { try part.writeSequences(to: folder.path, prefix: prefix, features: tokens) }
        }
        if filtersOwn {
            try trainPart.own.write(to: "\(folder.path)/filter_labels_train.txt")
            try testPart.own.write(to: "\(folder.path)/filter_labels_test.txt")
        }
        try writeLabelTexts(of: labels, vectoriser, to: folder.path, log)
        try embed(texts, vectoriser, folder, log)
        return summary(folder, trainPart, testPart, vectoriser, labels, texts)
    }

    private func writeLabelTexts(
        of labels: LabelCatalogue, _ vectoriser: TextVectoriser, to folder: String, _ log: (String) -> Void
    ) throws {
        guard let labelText else { return }
        var texts = LabelTexts(labels.names.map(labelText))
        guard texts.count > 0 else {
            throw Failure(
                .usage, "no label has a text", at: "--label-text",
                found: "none of the \(Quantity.plural(texts.texts.count, "label"))",
                expected: "texts by the labels' names, such as \"\(labels.names[0])\"",
                advice: "check that the names are spelt alike")
        }
        if texts.count < texts.texts.count { log("texts of \(texts.count.grouped) of \(texts.texts.count.grouped) labels") }
        try texts.writeTexts(to: folder)
        try texts.writeFeatures(to: folder, by: vectoriser)
        guard writesSequences else { return }
        guard let pretrained else { return try texts.writeSequences(to: folder, by: vectoriser) }
        try texts.writePieces(to: folder, by: pretrained.tokenizer, columns: pretrained.columns)
    }

    /// All that a label of this name is called.
    private func titles(_ name: String) -> [String] {
        labelTitle.map { [$0(name)] } ?? [name] + (labelText.map { [$0(name)] } ?? [])
    }

    private func catalogue(_ train: [Document]) -> LabelCatalogue {
        guard let labelOrder else {
            return LabelCatalogue(fitting: train, minCount: minLabelCount, maxShare: maxLabelShare)
        }
        return LabelCatalogue(
            ordered: labelOrder.names, fitting: train, minCount: minLabelCount, maxShare: maxLabelShare, keepsAll: keepsAllLabels)
    }

    private func part(
        _ documents: [Document], _ sequences: [[Int32]], _ vectoriser: TextVectoriser, _ labels: LabelCatalogue,
        _ own: OwnLabels?
    ) -> PreparedPart {
        ProgressScope.stage("weighing features", of: documents.count, "documents") {
            part(documents, sequences, vectoriser, labels, own, $0)
        }
    }

    private func part(
        _ documents: [Document], _ sequences: [[Int32]], _ vectoriser: TextVectoriser, _ labels: LabelCatalogue,
        _ own: OwnLabels?, _ progress: ProgressStage
    ) -> PreparedPart {
        var part = PreparedPart()
        for (document, sequence) in zip(documents, sequences) {
            defer { progress.advance() }
            let columns = labels.columns(of: document)
            part.count(hasFeature: !sequence.isEmpty, hasLabel: !columns.isEmpty)
            if dropsUnusable && (sequence.isEmpty || columns.isEmpty) { continue }
            let pieces = pretrained?.tokenizer.encode(document.text)
            part.append(
                vector: vectoriser.vector(ofSequence: sequence), sequence: pieces?.ids ?? sequence,
                isCut: pieces?.isCut ?? false, labels: columns, text: document.text,
                own: own?.columns(of: document) ?? [])
        }
        return part
    }

    private func summary(
        _ folder: StagedFolder, _ train: PreparedPart, _ test: PreparedPart, _ vectoriser: TextVectoriser,
        _ labels: LabelCatalogue, _ texts: TokenisedText
    ) -> PreparationSummary {
        var counts = [Int](repeating: 0, count: labels.names.count)
        for row in train.labels { for label in row { counts[Int(label)] += 1 } }
        return PreparationSummary(
            name: name, folder: folder.target, train: train.count, test: test.count, features: vectoriser.vocabulary.count,
            subwords: vectoriser.vocabulary.count - vectoriser.wordCount, labels: counts.count,
            labelsPerDocument: train.labelsPerDocument,
            documentsPerLabel: Double(counts.reduce(0, +)) / Double(max(counts.count, 1)),
            tokensPerDocument: Double(texts.ids.count) / Double(max(texts.count, 1)), testGiven: test.given,
            testWithoutFeature: test.withoutFeature,
            testWithoutLabel: test.withoutLabel, pieces: pretrained.map { .init($0, train, test) },
            filtered: filtersOwn
                ? .init(train: train.own.count, test: test.own.count, amongLabels: train.own.amongLabels + test.own.amongLabels)
                : nil,
            frequencies: LabelFrequencies(counts: counts), files: PreparationSummary.files(in: folder.path))
    }

    private func embed(
        _ texts: TokenisedText, _ vectoriser: TextVectoriser, _ folder: StagedFolder, _ log: (String) -> Void
    ) throws {
        guard let embeddings else { return }
        let tokens = vectoriser.vocabulary.count
        log("training embeddings of \(tokens.grouped) features by fastText on \(texts.ids.count.grouped) tokens of text")
        let matrix = try embeddings.embeddings(of: vectoriser, trainedOn: texts, in: folder.path, log: log)
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
