import Formats
import Foundation
import Support

/// tokenizer.json: all that is needed beside vocabulary.txt to turn raw text into the data set's vectors.
///
/// Version 2 is version 1 with `words` and `subwords`; without sub-words version 1 says it all.
private struct TokenizerFile: Codable {
    var version = 1
    var rule = Tokenizer.rule
    var lowerCase: Bool
    var minCount: Int
    var weighting = "tf*(ln((1+N)/(1+df))+1), l2"
    /// N.
    var trainingTexts: Int
    /// df of line i of vocabulary.txt.
    var documentCounts: [Int]
    /// How many lines of vocabulary.txt are words.
    var words: Int?
    var subwords: SubwordFile?

    enum CodingKeys: String, CodingKey {
        case version, rule, weighting, words, subwords
        case lowerCase = "lower_case"
        case minCount = "min_count"
        case trainingTexts = "training_texts"
        case documentCounts = "document_counts"
    }
}

private struct SubwordFile: Codable {
    /// `ngrams` (with `min` and `max`) or `bpe` (with `merges`, each `left right`, in their order).
    var kind: String
    var min, max: Int?
    var merges: [String]?

    init(_ splitter: SubwordSplitter) {
        switch splitter {
        case .ngrams(let ngrams): (kind, min, max) = ("ngrams", ngrams.min, ngrams.max)
        case .bpe(let encoding): (kind, merges) = ("bpe", encoding.merges.map { "\($0.left) \($0.right)" })
        }
    }

    private func text(_ bytes: Substring.UTF8View) -> String { String(decoding: bytes, as: UTF8.self) }

    /// nil where the fields don't make a rule.
    var splitter: SubwordSplitter? {
        switch kind {
        case "ngrams":
            guard let min, let max, min >= 1, max >= min else { return nil }
            return .ngrams(CharacterNgrams(min: min, max: max))
        case "bpe":
            // By bytes: a blank and a combining mark behind it are one character.
            let pairs = merges?.map { $0.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) }
            guard let pairs, pairs.allSatisfy({ $0.count == 2 && !$0[0].isEmpty && !$0[1].isEmpty }) else { return nil }
            return .bpe(BytePairEncoding(merges: pairs.map { .init(left: text($0[0]), right: text($0[1])) }))
        default: return nil
        }
    }
}

extension TextVectoriser {
    /// Writes vocabulary.txt and tokenizer.json.
    ///
    /// - Throws: `Failure` where the folder cannot be written or the disk is full.
    public func save(to folder: String) throws {
        try TextOutput.write("\(folder)/vocabulary.txt", lines: vocabulary)
        var description = TokenizerFile(
            lowerCase: tokenizer.lowerCase, minCount: minCount, trainingTexts: trainingTexts, documentCounts: documentCounts)
        if let splitter {
            description.version = 2
            description.words = wordCount
            description.subwords = SubwordFile(splitter)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try AtomicFile.write("\(folder)/tokenizer.json", encoder.encode(description) + Data("\n".utf8))
    }

    /// Reads what `save` wrote; the vectors are the same to the last bit.
    ///
    /// - Throws: `Failure` where a file is missing, of an unknown version or rule, or they don't fit together.
    public init(folder: String) throws {
        try self.init(
            vocabulary: TextLines(path: "\(folder)/vocabulary.txt", expected: "one token a line"),
            description: { try TextLines(path: "\(folder)/tokenizer.json", expected: Self.ours) })
    }

    /// - Parameters:
    ///   - vocabulary: vocabulary.txt.
    ///   - description: tokenizer.json.
    package init(vocabulary: MappedFile, description: MappedFile) throws {
        try self.init(
            vocabulary: TextLines(vocabulary, expected: "one token a line"),
            description: { try TextLines(description, expected: Self.ours) })
    }

    private static let ours = "the file that deepxml-dist prepare wrote"

    private init(vocabulary: TextLines, description: () throws -> TextLines) throws {
        var tokens = [String]()
        try vocabulary.forEach { line, _ in tokens.append(line) }
        let lines = try description(), path = lines.path
        var json = ""
        try lines.forEach { line, _ in json += line }
        guard let file = try? JSONDecoder().decode(TokenizerFile.self, from: Data(json.utf8)) else {
            throw Self.unusable("this is not a tokenizer's description", path, found: String(json.prefix(60)))
        }
        guard (1...2).contains(file.version), file.rule == Tokenizer.rule else {
            throw Self.unusable("unknown version or rule", path, found: "version \(file.version), rule \(file.rule)")
        }
        guard file.documentCounts.count == tokens.count, Set(tokens).count == tokens.count else {
            throw Self.unusable(
                "the file does not fit vocabulary.txt", path,
                found: "\(file.documentCounts.count) counts, \(tokens.count) tokens (\(Set(tokens).count) distinct)")
        }
        let isPlain = file.version == 1
        let splitter = isPlain ? nil : file.subwords?.splitter
        guard isPlain || splitter != nil else {
            throw Self.unusable(
                "unknown sub-words", path, found: file.subwords.map { "kind \($0.kind)" } ?? "version 2 without \"subwords\"")
        }
        let words = isPlain ? tokens.count : file.words ?? -1
        guard (0...tokens.count).contains(words), tokens[words...].allSatisfy({ $0.utf8.first == Self.mark.utf8.first }) else {
            throw Self.unusable(
                "the file does not fit vocabulary.txt", path, found: "words: \(words), \(tokens.count) lines in vocabulary.txt")
        }
        self.init(
            tokenizer: Tokenizer(lowerCase: file.lowerCase), vocabulary: tokens, wordCount: words, splitter: splitter,
            documentCounts: file.documentCounts, trainingTexts: file.trainingTexts, minCount: file.minCount)
    }

    private static func unusable(_ problem: String, _ path: String, found: String) -> Failure {
        Failure(
            .usage, problem, at: path, found: found,
            expected: "version 1 or 2, rule \(Tokenizer.rule), one count a feature, sub-words after the words",
            advice: "prepare the data set again: deepxml-dist prepare --force")
    }
}
