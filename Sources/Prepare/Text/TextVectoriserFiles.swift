import Diagnostics
import Foundation

/// tokenizer.json: all that is needed beside vocabulary.txt to turn raw text into the data set's vectors.
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

    enum CodingKeys: String, CodingKey {
        case version, rule, weighting
        case lowerCase = "lower_case"
        case minCount = "min_count"
        case trainingTexts = "training_texts"
        case documentCounts = "document_counts"
    }
}

extension TextVectoriser {
    /// Writes vocabulary.txt and tokenizer.json.
    ///
    /// - Throws: `Failure` where the folder cannot be written or the disk is full.
    public func save(to folder: String) throws {
        try OutputFile.write("\(folder)/vocabulary.txt") { file in
            for token in vocabulary { try file.write("\(token)\n") }
        }
        let description = TokenizerFile(
            lowerCase: tokenizer.lowerCase, minCount: minCount, trainingTexts: trainingTexts, documentCounts: documentCounts)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = try encoder.encode(description)
        try OutputFile.write("\(folder)/tokenizer.json") { file in
            try file.write(String(decoding: json, as: UTF8.self))
            try file.write("\n")
        }
    }

    /// Reads what `save` wrote; the vectors are the same to the last bit.
    ///
    /// - Throws: `Failure` where a file is missing, of an unknown version or rule, or they don't fit together.
    public init(folder: String) throws {
        var tokens = [String]()
        try TextLines(path: "\(folder)/vocabulary.txt", expected: "one token a line").readEach { line, _ in tokens.append(line) }
        let path = "\(folder)/tokenizer.json"
        var json = ""
        try TextLines(path: path, expected: "the file that deepxml-dist prepare wrote").readEach { line, _ in json += line }
        guard let file = try? JSONDecoder().decode(TokenizerFile.self, from: Data(json.utf8)) else {
            throw Self.unusable("this is not a tokenizer's description", path, found: String(json.prefix(60)))
        }
        guard file.version == 1, file.rule == Tokenizer.rule else {
            throw Self.unusable("unknown version or rule", path, found: "version \(file.version), rule \(file.rule)")
        }
        guard file.documentCounts.count == tokens.count, Set(tokens).count == tokens.count else {
            throw Self.unusable(
                "the file does not fit vocabulary.txt", path,
                found: "\(file.documentCounts.count) counts, \(tokens.count) tokens (\(Set(tokens).count) distinct)")
        }
        self.init(
            tokenizer: Tokenizer(lowerCase: file.lowerCase), vocabulary: tokens, documentCounts: file.documentCounts,
            trainingTexts: file.trainingTexts, minCount: file.minCount)
    }

    private static func unusable(_ problem: String, _ path: String, found: String) -> Failure {
        Failure(
            .usage, problem, at: path, found: found, expected: "version 1, rule \(Tokenizer.rule), one count a token",
            advice: "prepare the data set again: deepxml-dist prepare --force")
    }
}
