import Foundation

/// What `Preparation` wrote.
public struct PreparationSummary: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        public let name: String
        public let bytes: Int
    }

    /// What became of the texts as word pieces.
    public struct Pieces: Sendable, Equatable {
        /// Pieces that there are, and that a document has at most.
        public let columns, maxTokens: Int
        /// Mean over the training rows.
        public let perDocument: Double
        /// Documents that had more.
        public let cutTrain, cutTest: Int

        init(_ pretrained: PretrainedPieces, _ train: PreparedPart, _ test: PreparedPart) {
            (columns, maxTokens) = (pretrained.columns, pretrained.tokenizer.maxTokens)
            perDocument = Double(train.tokens) / Double(max(train.count, 1))
            (cutTrain, cutTest) = (train.cut, test.cut)
        }
    }

    /// Pairs of a document and its own label.
    public struct Filtered: Sendable, Equatable {
        public let train, test: Int
        /// Those of them that are among the documents' labels.
        public let amongLabels: Int
    }

    public let name: String
    public let folder: String
    /// Rows of the files.
    public let train, test: Int
    /// `subwords` of the features are sub-words, the others words.
    public let features, subwords, labels: Int
    /// Means over the training rows and over the labels.
    public let labelsPerDocument, documentsPerLabel: Double
    /// Mean over all training texts, of known and unknown tokens.
    public let tokensPerDocument: Double
    /// Test documents before any was left out, and of these the ones without a known feature or a known label, which no model
    /// can get right.
    public let testGiven, testWithoutFeature, testWithoutLabel: Int
    /// nil: the sequences are tokens.
    public let pieces: Pieces?
    /// nil: the pairs of documents and their own labels were not asked for.
    public let filtered: Filtered?
    public let frequencies: LabelFrequencies
    /// By name.
    public let files: [File]

    static func files(in folder: String) -> [File] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        return names.map { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return File(name: name, bytes: (attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }
}

extension PreparationSummary: CustomStringConvertible {
    public var description: String {
        func mean(_ value: Double) -> String { String(format: "%.2f", value) }
        let kinds = subwords > 0 ? " (\((features - subwords).grouped) words, \(subwords.grouped) sub-words)" : ""
        let head = """
            \(name): \(train.grouped) training and \(test.grouped) test documents, \(features.grouped) features\(kinds), \
            \(labels.grouped) labels
            \(mean(tokensPerDocument)) tokens and \(mean(labelsPerDocument)) labels a document, \
            \(mean(documentsPerLabel)) documents a label
            test documents without a known token: \(LabelFrequencies.percent(testWithoutFeature, testGiven)), \
            without a known label: \(LabelFrequencies.percent(testWithoutLabel, testGiven))\(pieceLine)\(filterLine)
            labels by number of training documents:
            \(frequencies)
            """
        let width = files.map(\.name.count).max() ?? 0
        let list = files.map { file in
            let size = String(format: "%8.2f MiB", Double(file.bytes) / 1_048_576)
            return "  \(file.name.padding(toLength: width, withPad: " ", startingAt: 0)) \(size)"
        }
        return ([head, "written to \(folder)/"] + list).joined(separator: "\n")
    }

    private var filterLine: String {
        guard let filtered else { return "" }
        if filtered.train + filtered.test == 0 { return "\nno document's title is a label's: the filter files are empty" }
        let line =
            "\ndocuments' own labels, which are no predictions: \(filtered.train.grouped) training and "
            + "\(filtered.test.grouped) test pairs"
        guard filtered.amongLabels > 0 else { return line }
        return line + "; \(filtered.amongLabels.grouped) of them are labels of their documents, and cannot be found"
    }

    private var pieceLine: String {
        guard let pieces else { return "" }
        return
            "\nsequences of word pieces: \(pieces.columns.grouped) pieces, \(String(format: "%.2f", pieces.perDocument)) a document; "
            + "cut at \(pieces.maxTokens): \(pieces.cutTrain.grouped) training and \(pieces.cutTest.grouped) test documents"
    }
}

extension Int {
    /// 13,114 for 13114, whatever the locale.
    var grouped: String {
        var digits = Array(String(magnitude))
        var at = digits.count - 3
        while at > 0 {
            digits.insert(",", at: at)
            at -= 3
        }
        return (self < 0 ? "-" : "") + String(digits)
    }
}
