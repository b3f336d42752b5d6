import Diagnostics
import Foundation

/// Turns text into l2-normalised tf-idf vectors over a vocabulary learnt from training texts.
///
/// The weight of a token that stands tf times in the text and in df of N training texts is
/// `tf · (ln((1 + N) / (1 + df)) + 1)`, the smoothed idf of scikit-learn's TfidfVectorizer; the vector is then divided by its
/// l2 norm. Tokens outside the vocabulary count for nothing.
public struct TextVectoriser: Sendable, Equatable {
    public let tokenizer: Tokenizer
    /// Tokens of at least `minCount` training texts, sorted; token i is column i.
    public let vocabulary: [String]
    /// N.
    public let trainingTexts: Int
    /// df of each token of the vocabulary.
    public let documentCounts: [Int]
    public let minCount: Int
    private let columns: [String: Int32]
    private let idf: [Float]

    /// - Parameters:
    ///   - vocabulary: sorted and distinct.
    ///   - documentCounts: df of each of its tokens.
    public init(tokenizer: Tokenizer, vocabulary: [String], documentCounts: [Int], trainingTexts: Int, minCount: Int) {
        precondition(vocabulary.count == documentCounts.count)
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.documentCounts = documentCounts
        self.trainingTexts = trainingTexts
        self.minCount = minCount
        columns = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, Int32($0)) })
        idf = documentCounts.map { Float(log(Double(1 + trainingTexts) / Double(1 + $0)) + 1) }
    }

    /// Learns the vocabulary and df from training texts.
    public init(fitting texts: some Sequence<String>, tokenizer: Tokenizer = Tokenizer(), minCount: Int = 2) {
        self.init(fitting: TokenisedText(texts, tokenizer: tokenizer), tokenizer: tokenizer, minCount: minCount)
    }

    init(fitting texts: TokenisedText, tokenizer: Tokenizer, minCount: Int) {
        let kept = zip(texts.words, texts.documentCounts()).filter { $1 >= minCount }.sorted { $0.0 < $1.0 }
        self.init(
            tokenizer: tokenizer, vocabulary: kept.map(\.0), documentCounts: kept.map(\.1), trainingTexts: texts.count,
            minCount: minCount)
    }

    /// The vector of a text: ascending columns and their weights; empty where no token is in the vocabulary.
    public func vector(of text: String) -> [(column: Int32, weight: Float)] {
        var found = [Int32]()
        tokenizer.forEachToken(in: text) { if let column = columns[$0] { found.append(column) } }
        return normalised(found)
    }

    /// The vectors of texts that are already cut into tokens.
    func vectors(of texts: TokenisedText) -> [[(column: Int32, weight: Float)]] {
        let columnOf = texts.words.map { columns[$0] ?? -1 }
        return (0..<texts.count).map { text in
            normalised(texts[text].compactMap { columnOf[Int($0)] >= 0 ? columnOf[Int($0)] : nil })
        }
    }

    private func normalised(_ found: [Int32]) -> [(column: Int32, weight: Float)] {
        var vector = [(column: Int32, weight: Float)]()
        for column in found.sorted() {
            if vector.last?.column == column {
                vector[vector.count - 1].weight += idf[Int(column)]
            } else {
                vector.append((column, idf[Int(column)]))
            }
        }
        let norm = vector.reduce(0.0) { $0 + Double($1.weight) * Double($1.weight) }.squareRoot()
        for index in vector.indices { vector[index].weight = Float(Double(vector[index].weight) / norm) }
        return vector
    }
}
