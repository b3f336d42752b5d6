import Foundation
import Support

/// Turns text into l2-normalised tf-idf vectors over a vocabulary learnt from training texts: words, and sub-words after them.
///
/// The weight of a feature that stands tf times in the text and in df of N training texts is
/// `tf · (ln((1 + N) / (1 + df)) + 1)`, the smoothed idf of scikit-learn's TfidfVectorizer; the vector is then divided by its
/// l2 norm. What is outside the vocabulary counts for nothing. A word outside of it may have sub-words in it.
public struct TextVectoriser: Sendable, Equatable {
    public let tokenizer: Tokenizer
    /// Feature i is column i: the words, sorted, then the sub-words, sorted, each with the mark `#` before it (which stands in
    /// no word).
    public let vocabulary: [String]
    /// How many of the features are words.
    public let wordCount: Int
    /// N.
    public let trainingTexts: Int
    /// df of each feature.
    public let documentCounts: [Int]
    public let minCount: Int
    let splitter: SubwordSplitter?
    private let words: TokenTable
    private let subwords: TokenTable
    /// The sub-words' columns of word i: `known[knownStarts[i] ..< knownStarts[i + 1]]`.
    private let known: [Int32]
    private let knownStarts: [Int]
    private let idf: [Float]

    static let mark = "#"

    /// - Parameters:
    ///   - vocabulary: sorted and distinct words.
    ///   - documentCounts: df of each of them.
    public init(tokenizer: Tokenizer, vocabulary: [String], documentCounts: [Int], trainingTexts: Int, minCount: Int) {
        self.init(
            tokenizer: tokenizer, vocabulary: vocabulary, wordCount: vocabulary.count, splitter: nil,
            documentCounts: documentCounts, trainingTexts: trainingTexts, minCount: minCount)
    }

    /// - Parameter vocabulary: `wordCount` words, then sub-words with their mark.
    init(
        tokenizer: Tokenizer, vocabulary: [String], wordCount: Int, splitter: SubwordSplitter?, documentCounts: [Int],
        trainingTexts: Int, minCount: Int
    ) {
        precondition(vocabulary.count == documentCounts.count && wordCount <= vocabulary.count)
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.wordCount = wordCount
        self.splitter = splitter
        self.documentCounts = documentCounts
        self.trainingTexts = trainingTexts
        self.minCount = minCount
        words = TokenTable(vocabulary[..<wordCount])
        subwords = TokenTable(vocabulary[wordCount...].map { String($0.unicodeScalars.dropFirst()) })
        idf = documentCounts.map { Float(log(Double(1 + trainingTexts) / Double(1 + $0)) + 1) }
        var known = [Int32]()
        var starts = [0]
        for word in vocabulary[..<wordCount] {
            let (subwords, first) = (subwords, Int32(wordCount))
            splitter?.forEachPart(of: word.utf8.span) { part in
                let number = subwords.find(part)
                if number >= 0 { known.append(first + number) }
            }
            starts.append(known.count)
        }
        self.known = known
        knownStarts = starts
    }

    /// Learns vocabulary and df from training texts.
    ///
    /// - Parameters:
    ///   - minCount: features stand in so many training texts or more.
    ///   - maxFeatures: at most so many words and sub-words together, those of the largest df.
    public init(
        fitting texts: some Sequence<String>, tokenizer: Tokenizer = Tokenizer(), minCount: Int = 2, maxFeatures: Int? = nil,
        subwords: SubwordRule = .none
    ) {
        self.init(
            fitting: TokenisedText(texts, tokenizer: tokenizer), tokenizer: tokenizer, minCount: minCount,
            maxFeatures: maxFeatures, subwords: subwords)
    }

    init(fitting texts: TokenisedText, tokenizer: Tokenizer, minCount: Int, maxFeatures: Int?, subwords: SubwordRule) {
        let features = FeatureCatalogue(fitting: texts, minCount: minCount, maxFeatures: maxFeatures, rule: subwords)
        self.init(
            tokenizer: tokenizer, vocabulary: features.words.map(\.name) + features.subwords.map { Self.mark + $0.name },
            wordCount: features.words.count, splitter: features.splitter,
            documentCounts: features.words.map(\.count) + features.subwords.map(\.count), trainingTexts: texts.count,
            minCount: minCount)
    }

    /// Calls `body` with the column of each feature of one token: the word's, then its sub-words' in order.
    private func forEachColumn(of token: Span<UInt8>, _ body: (Int32) -> Void) {
        let word = words.find(token)
        if word >= 0 {
            body(word)
            for at in knownStarts[Int(word)]..<knownStarts[Int(word) + 1] { body(known[at]) }
        } else if let splitter {
            splitter.forEachPart(of: token) { part in
                let number = subwords.find(part)
                if number >= 0 { body(Int32(wordCount) + number) }
            }
        }
    }
}

extension TextVectoriser {
    /// The columns of the text's features in the order of the text, repeats kept: each word's, followed by its sub-words'.
    public func sequence(of text: String) -> [Int32] {
        var columns = [Int32]()
        columns.reserveCapacity(text.utf8.count / 4)
        tokenizer.forEachTokenBytes(in: text) { forEachColumn(of: $0) { columns.append($0) } }
        return columns
    }

    /// The vector of a text: ascending columns and their weights; empty where no feature is in the vocabulary.
    public func vector(of text: String) -> [(column: Int32, weight: Float)] { vector(ofSequence: sequence(of: text)) }

    /// texts × features, the rows of which are `vector(of:)`.
    public func matrix(of texts: some Sequence<String>) -> CSRMatrix {
        var starts: [Int64] = [0]
        var columns = [Int32]()
        var weights = [Float]()
        for text in texts {
            for entry in vector(of: text) {
                columns.append(entry.column)
                weights.append(entry.weight)
            }
            starts.append(Int64(columns.count))
        }
        return CSRMatrix(
            rows: starts.count - 1, cols: vocabulary.count, starts: Buffer(starts), indices: Buffer(columns),
            values: Buffer(weights))
    }

    /// The columns of one token's features, given its UTF-8.
    func columns(ofWord word: Span<UInt8>) -> [Int32] {
        var columns = [Int32]()
        forEachColumn(of: word) { columns.append($0) }
        return columns
    }

    /// The sequences of texts that are already cut into tokens; each distinct word is looked up once.
    func sequences(of texts: TokenisedText) -> [[Int32]] {
        let columnsOf = texts.words.map { columns(ofWord: $0.utf8.span) }
        return (0..<texts.count).map { texts[$0].flatMap { columnsOf[Int($0)] } }
    }

    /// The vector of a text whose features are known.
    func vector(ofSequence columns: [Int32]) -> [(column: Int32, weight: Float)] {
        let columns = AscendingColumns.sorted(columns, below: vocabulary.count)
        var vector = [(column: Int32, weight: Float)]()
        vector.reserveCapacity(columns.count)
        var squares = 0.0
        var at = 0
        while at < columns.count {
            let column = columns[at]
            var weight = idf[Int(column)]
            at += 1
            while at < columns.count, columns[at] == column {
                weight += idf[Int(column)]
                at += 1
            }
            vector.append((column, weight))
            squares += Double(weight) * Double(weight)
        }
        let norm = squares.squareRoot()
        for index in vector.indices { vector[index].weight = Float(Double(vector[index].weight) / norm) }
        return vector
    }
}
