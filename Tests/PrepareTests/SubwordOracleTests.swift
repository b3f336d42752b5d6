import Foundation
import Prepare
import TestSupport
import Testing

/// Tests/oracles/subwords.json, written by Tests/oracles/subwords.py (plain Python and numpy).
private struct Oracle: Decodable {
    struct Case: Decodable {
        let name: String
        let minCount: Int
        let maxFeatures: Int?
        let vocabulary: [String]
        let documentCounts: [Int]
        /// Of the training texts, then of the test texts.
        let sequences: [[Int32]]
        let vectors: [[[Double]]]
        let min, max, merges: Int?
        let learnt: [String]?

        var rule: SubwordRule {
            if let min, let max { return .ngrams(min: min, max: max) }
            return merges.map { .bpe(merges: $0) } ?? .none
        }
    }

    let train, test: [String]
    let cases: [Case]

    static func read() throws -> Oracle {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try JSONDecoder().decode(
            Oracle.self, from: Data(contentsOf: folder.appendingPathComponent("oracles/subwords.json")))
    }
}

@Suite struct SubwordOracleTests {
    @Test func featuresSequencesAndVectorsAreTheOracles() throws {
        let oracle = try Oracle.read()
        #expect(oracle.cases.count == 9)
        for expected in oracle.cases {
            let vectoriser = TextVectoriser(
                fitting: oracle.train, minCount: expected.minCount, maxFeatures: expected.maxFeatures, subwords: expected.rule)
            #expect(vectoriser.vocabulary == expected.vocabulary, "\(expected.name)")
            #expect(vectoriser.documentCounts == expected.documentCounts, "\(expected.name)")
            for (row, text) in (oracle.train + oracle.test).enumerated() {
                #expect(vectoriser.sequence(of: text) == expected.sequences[row], "\(expected.name): \(text)")
                compare(vectoriser.vector(of: text), expected.vectors[row], "\(expected.name): \(text)")
            }
        }
    }

    private func compare(_ vector: [(column: Int32, weight: Float)], _ expected: [[Double]], _ what: String) {
        #expect(vector.map { Double($0.column) } == expected.map { $0[0] }, "\(what)")
        let worst = zip(vector, expected).map { abs(Double($0.weight) - $1[1]) }.max() ?? 0
        #expect(worst < 1e-6, "\(what)")
    }

    @Test func mergesAreLearntInTheOraclesOrder() throws {
        let oracle = try Oracle.read()
        for expected in oracle.cases {
            guard let learnt = expected.learnt else { continue }
            let scratch = try TemporaryFolder()
            try TextVectoriser(fitting: oracle.train, subwords: expected.rule).save(to: scratch.path)
            struct File: Decodable {
                struct Subwords: Decodable { let merges: [String] }
                let version: Int
                let subwords: Subwords
            }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/tokenizer.json"))
            let file = try JSONDecoder().decode(File.self, from: bytes)
            #expect(file.version == 2 && file.subwords.merges == learnt, "\(expected.name)")
        }
    }

    /// Loaded from its folder, a vectoriser gives the same bits, for words that it knows and for those that it doesn't.
    @Test(arguments: [SubwordRule.none, .ngrams(min: 1, max: 4), .bpe(merges: 30)])
    func savedAndLoadedIsTheSame(rule: SubwordRule) throws {
        let oracle = try Oracle.read()
        let scratch = try TemporaryFolder()
        let vectoriser = TextVectoriser(fitting: oracle.train, subwords: rule)
        try vectoriser.save(to: scratch.path)
        let loaded = try TextVectoriser(folder: scratch.path)
        #expect(loaded == vectoriser)
        let texts = oracle.train + oracle.test
        let matrix = loaded.matrix(of: texts)
        #expect(matrix.rows == texts.count && matrix.cols == vectoriser.vocabulary.count)
        for (row, text) in texts.enumerated() {
            let vector = vectoriser.vector(of: text)
            #expect(loaded.sequence(of: text) == vectoriser.sequence(of: text))
            #expect(Array(matrix.columns(row)) == vector.map(\.column))
            #expect(matrix.weights(row).map(\.bitPattern) == vector.map(\.weight.bitPattern))
        }
    }

    /// A vowel sign is one character with the blank before it.
    @Test func mergesOfCombiningMarksAreReadAgain() throws {
        let scratch = try TemporaryFolder()
        let words = ["\u{0924}\u{093E}\u{0930}\u{093E}", "\u{0938}\u{093E}\u{0930}\u{093E}", "\u{0E01}\u{0E34}\u{0E19}"]
        let vectoriser = TextVectoriser(fitting: [words, words].map { $0.joined(separator: " ") }, subwords: .bpe(merges: 20))
        try vectoriser.save(to: scratch.path)
        #expect(try TextVectoriser(folder: scratch.path) == vectoriser)
    }

    @Test(arguments: [
        (#""version":2"#, #""version":3"#, "version 3"), (#""kind":"ngrams""#, #""kind":"none""#, "kind none"),
        (#""min":3"#, #""min":0"#, "kind ngrams"), (#""max":6"#, #""max":2"#, "kind ngrams"),
        (#""words":2"#, #""words":1"#, "words: 1"), (#""words":2"#, #""words":-2"#, "words: -2"),
        (#""subwords""#, #""other""#, "without \"subwords\""),
    ])
    func refusesDamagedDescriptions(from: String, to: String, found: String) throws {
        let scratch = try TemporaryFolder()
        try TextVectoriser(fitting: ["lower newer", "lower newer"], subwords: .ngrams()).save(to: scratch.path)
        let json = try scratch.lines("tokenizer.json")[0]
        #expect(json.contains(from))
        _ = try scratch.write("tokenizer.json", json.replacingOccurrences(of: from, with: to))
        let failure = failure { _ = try TextVectoriser(folder: scratch.path) }
        #expect(failure?.found.contains(found) == true, "\(String(describing: failure))")
    }

    /// Runs of letters without a space, as in a base64 text, must not fill the vocabulary nor take quadratic time.
    @Test func veryLongWordsHaveNoSubwords() {
        let long = String(repeating: "ab", count: 100_000)
        let texts = [long, long + " abab"]
        for rule in [SubwordRule.ngrams(), .bpe(merges: 10)] {
            #expect(TextVectoriser(fitting: texts, subwords: rule).vocabulary == [long])
        }
    }
}
