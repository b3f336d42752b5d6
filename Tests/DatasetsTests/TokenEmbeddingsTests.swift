import Datasets
import Foundation
import Support
import TestSupport
import Testing

/// Files that fastText itself wrote (Tests/oracles/embeddings.sh), and what `fasttext print-word-vectors` says of them.
struct FastTextOracle {
    static func path(_ name: String) -> String { oraclePath("../Fixtures/embeddings/\(name)") }

    /// The ten words and their vectors, five digits each; zeros where fastText has none.
    static func printed(_ model: String) throws -> [(word: String, vector: [Float])] {
        try String(contentsOfFile: path("\(model).printed"), encoding: .utf8).split(separator: "\n").map { line in
            let fields = line.split(separator: " ")
            return (String(fields[0]), fields.dropFirst().compactMap { Float($0) })
        }
    }

    static func words() throws -> TokenWords { try TokenWords(path: path("words.txt"), tokens: 10) }
}

func oneRow(_ matrix: DenseMatrix, _ row: Int) -> [Float] { (0..<matrix.cols).map { matrix[row, $0] } }

func near(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 + 1e-4 * abs($1) }
}

@Suite struct TokenEmbeddingsTests {
    private func read(_ path: String, dimensions: Int = 6) throws -> TokenEmbeddings {
        try TokenEmbeddings.read(path: path, words: FastTextOracle.words(), dimensions: dimensions)
    }

    @Test("a model's vectors are fastText's own", arguments: ["subwords", "wholewords", "labelled"]) func model(_ name: String)
        throws
    {
        let embeddings = try read(FastTextOracle.path("\(name).bin"))
        let printed = try FastTextOracle.printed(name)
        var missing = 0
        for (row, expected) in printed.enumerated() {
            if expected.vector.allSatisfy({ $0 == 0 }) {
                missing += 1
            } else {
                #expect(near(oneRow(embeddings.matrix, row), expected.vector), "\(expected.word)")
            }
        }
        #expect(embeddings.missing == missing)
        #expect(embeddings.known == 5)
        #expect(embeddings.fromSubWords == 10 - embeddings.known - missing)
        #expect(name == "wholewords" ? missing == 5 : missing == 0)
    }

    @Test func vectorsAsText() throws {
        let printed = try FastTextOracle.printed("subwords")
        let text = try String(contentsOfFile: FastTextOracle.path("subwords.vec"), encoding: .utf8)
        let folder = try TemporaryFolder()
        let glove = text.drop { $0 != "\n" }.dropFirst()
        let files = [
            FastTextOracle.path("subwords.vec"), try folder.write("glove.txt", String(glove)),
            try folder.write("dos.vec", text.replacingOccurrences(of: " \n", with: "\r\n")),
            try folder.write("no_last_newline.vec", String(text.dropLast(2))),
        ]
        for file in files {
            let embeddings = try read(file)
            #expect(embeddings.known == 5 && embeddings.fromSubWords == 0 && embeddings.missing == 5, "\(file)")
            for (row, expected) in printed.enumerated() where ["the", "fox", "café", "owner"].contains(expected.word) {
                #expect(oneRow(embeddings.matrix, row) == expected.vector, "\(file): \(expected.word)")
            }
        }
    }

    @Test func missingRowsAreDrawnByTheirWord() throws {
        let folder = try TemporaryFolder()
        let names = (0..<500).map { "w\($0)" }
        let vectors = names[..<100].map { "\($0) 2 -2 2 -2 2 -2 2 -2" }.joined(separator: "\n")
        let file = try folder.write("v.txt", vectors)
        let words = try TokenWords(path: folder.write("a.txt", names.joined(separator: "\n")), tokens: 500)
        let turned = try TokenWords(path: folder.write("b.txt", names.reversed().joined(separator: "\n") + "\n"), tokens: 500)
        let a = try TokenEmbeddings.read(path: file, words: words, dimensions: 8).matrix
        let b = try TokenEmbeddings.read(path: file, words: turned, dimensions: 8).matrix
        for row in [0, 99, 100, 101, 499] { #expect(oneRow(a, row) == oneRow(b, 499 - row)) }
        #expect(oneRow(a, 100) != oneRow(a, 101))
        // The mean square of what was drawn is that of the file's, 4; of 3,200 numbers to about 2 %.
        let drawn = (100..<500).flatMap { oneRow(a, $0) }
        let square = drawn.reduce(0) { $0 + Double($1) * Double($1) } / Double(drawn.count)
        #expect(abs(square - 4) < 0.3)
        #expect(abs(drawn.reduce(0) { $0 + Double($1) } / Double(drawn.count)) < 0.15)
    }

    @Test func wordsThatTheVocabularyHasTwice() throws {
        let folder = try TemporaryFolder()
        let words = try TokenWords(path: folder.write("v.txt", "a\nb\na\nc\n"), tokens: 4)
        let embeddings = try TokenEmbeddings.read(path: folder.write("g.txt", "a 1 2\nb 3 4\n"), words: words, dimensions: 2)
        #expect(oneRow(embeddings.matrix, 2) == [1, 2] && embeddings.known == 3 && embeddings.missing == 1)
    }

    @Test func wordsWithSpacesAreNotTheirFirstWord() throws {
        let folder = try TemporaryFolder()
        let words = try TokenWords(path: folder.write("v.txt", "at\nby"), tokens: 2)
        let file = try folder.write("g.txt", "by 5 6\nat name@domain.com 1 2\nat 3 4\nat 7 8\n")
        let embeddings = try TokenEmbeddings.read(path: file, words: words, dimensions: 2)
        #expect(oneRow(embeddings.matrix, 0) == [3, 4])
    }

    @Test("phrases are found where the vocabulary has them") func phrases() throws {
        let folder = try TemporaryFolder()
        let words = try TokenWords(path: folder.write("v.txt", "York\nNew York\n. . .\nroute 66\nplain\n"), tokens: 5)
        let lines = ["New York 1 2", ". . . 3 4", "York 5 6", "route 66 7 8 ", "plain 9 10", "other phrase 0 0"]
        for (name, text) in [("g.txt", lines.joined(separator: "\n")), ("g.vec", "6 2\n" + lines.joined(separator: "\n") + "\n")]
        {
            let embeddings = try TokenEmbeddings.read(path: folder.write(name, text), words: words, dimensions: 2)
            #expect(embeddings.known == 5 && embeddings.missing == 0, "\(name)")
            #expect((0..<5).map { oneRow(embeddings.matrix, $0) } == [[5, 6], [1, 2], [3, 4], [7, 8], [9, 10]], "\(name)")
        }
    }

    @Test("a vocabulary's phrases change the fingerprint of what is made, and nothing else does") func phraseFingerprints() throws
    {
        let folder = try TemporaryFolder()
        let file = try folder.write("g.txt", "New York 1 2\nYork 5 6\n")
        var fingerprints: [String] = []
        for word in ["New York", "New_York"] {
            _ = try folder.write("vocabulary.txt", "York\n\(word)\n")
            let made = try PreparedEmbeddings.prepare(
                path: file, datasetFolder: folder.path, tokens: 2, dimensions: 2, cacheFolder: folder.file("cache"),
                writesCache: true)
            fingerprints.append(made.fingerprint)
            #expect(made.notice?.contains(word == "New York" ? "2 of 2 tokens" : "1 of 2 tokens") == true, "\(made)")
        }
        #expect(fingerprints[0] != fingerprints[1])
    }

    private func word2vec(_ vectors: [(String, [Float])], header: String, feed: Bool = true) -> [UInt8] {
        var bytes = Array(header.utf8)
        for (word, vector) in vectors {
            bytes += Array("\(word) ".utf8) + vector.withUnsafeBytes { Array($0) } + (feed ? [0x0A] : [])
        }
        return bytes
    }

    @Test("word2vec's binary form, with line feeds and without", arguments: [true, false]) func word2vec(feed: Bool) throws {
        let folder = try TemporaryFolder()
        let vectors: [(String, [Float])] = [
            ("the", [1, 2, 3]), ("zebra", [9, 9, 9]), ("café", [0.1, -0.5, 1e-9]), ("the", [7, 7, 7]),
        ]
        let words = try TokenWords(path: folder.write("v.txt", "café\nthe\nnone\n"), tokens: 3)
        let path = try folder.write("w.bin", word2vec(vectors, header: "4 3\n", feed: feed))
        #expect(try EmbeddingFormat(MappedFile(path: path)) == .word2vec(words: 4, dimensions: 3))
        let embeddings = try TokenEmbeddings.read(path: path, words: words, dimensions: 3)
        #expect(oneRow(embeddings.matrix, 0) == [0.1, -0.5, 1e-9] && oneRow(embeddings.matrix, 1) == [1, 2, 3])
        #expect(embeddings.known == 2 && embeddings.missing == 1)
        func problem(_ bytes: [UInt8]) throws -> String? {
            let path = try folder.write("bad.bin", bytes)
            return try #require(throws: Failure.self) { try TokenEmbeddings.read(path: path, words: words, dimensions: 3) }
                .problem
        }
        let whole = word2vec(vectors, header: "4 3\n", feed: feed)
        #expect(try problem(Array(whole.dropLast(4))) == "the file is cut off")
        #expect(try problem(word2vec(vectors, header: "5 3\n", feed: feed)) == "the file is cut off")
        #expect(try problem(word2vec(vectors, header: "3 3\n", feed: feed)) == "the file is longer than its header says")
        #expect(try problem(word2vec([("the", [1, .nan, 3])], header: "1 3\n", feed: feed)) == "value not finite")
        #expect(try problem(word2vec(vectors, header: "4 2\n", feed: feed)) == "embeddings of another width")
    }

    @Test("a byte order mark is no part of the first word, nor of the header") func byteOrderMark() throws {
        let folder = try TemporaryFolder()
        let words = try TokenWords(path: folder.write("v.txt", "a\nb\n"), tokens: 2)
        for text in ["\u{FEFF}a 1 2\nb 3 4\n", "\u{FEFF}2 2\na 1 2\nb 3 4\n"] {
            let embeddings = try TokenEmbeddings.read(path: folder.write("g.txt", text), words: words, dimensions: 2)
            #expect(
                oneRow(embeddings.matrix, 0) == [1, 2] && oneRow(embeddings.matrix, 1) == [3, 4], "\(text.debugDescription)")
        }
    }

    @Test func unlikeUnicodeIsUnlike() throws {
        // é as one character and as two: the same to a reader and to Swift's String, not to fastText.
        let folder = try TemporaryFolder()
        let words = try TokenWords(path: folder.write("v.txt", "caf\u{E9}\ncafe\u{301}\n"), tokens: 2)
        let embeddings = try TokenEmbeddings.read(path: folder.write("g.txt", "cafe\u{301} 1 2\n"), words: words, dimensions: 2)
        #expect(oneRow(embeddings.matrix, 1) == [1, 2] && embeddings.missing == 1)
    }

    private func failure(_ path: String, dimensions: Int = 6) throws -> Failure {
        let failure = try #require(throws: Failure.self) { try read(path, dimensions: dimensions) }
        #expect(failure.code == .usage && failure.place.hasPrefix(path))
        return failure
    }

    @Test func refused() throws {
        let folder = try TemporaryFolder()
        for name in ["subwords.bin", "subwords.vec"] {
            let width = try failure(FastTextOracle.path(name), dimensions: 300)
            #expect(
                width.problem == "embeddings of another width" && width.found == "6 dimensions" && width.expected.hasPrefix("300")
            )
        }
        #expect(try failure(FastTextOracle.path("quantised.ftz")).problem == "a quantised fastText model")
        #expect(try failure(folder.write("none.txt", "zebra 1 2 3 4 5 6\n")).problem.contains("none of the data set's words"))
        #expect(try failure(folder.write("prose.txt", "just some words\n")).problem == "not a file of token embeddings")
        #expect(try failure(folder.write("empty", "")).found == "an empty file")
        #expect(try failure(folder.write("packed.vec", [0x1F, 0x8B, 8, 0, 0])).advice.contains("gunzip"))
        let bad = [
            ("the 1 2 3 4 5 6\nfox 1 2 3 4 5\n", ":2", "5 numbers"), ("the 1 2 3 4 5 6\nfox 1 2 3 4 five 6\n", ":2:13", "`five`"),
            ("the 1 2 3 4 5 6\nfox 1 2 3 4 nan 6\n", ":2:13", "`nan`"),
            ("the 1 2 3 4 5 6\nfox 1e99 2 3 4 5 6\n", ":2:5", "`1e99`"),
            ("the 1 2 3 4 5 6\n\nfox\n", ":3", "`fox`"), ("3 6\nthe 1 2 3 4 5 6\nfox 1 2 3 4 5 6\n", "", "2 words"),
            ("1 6\nthe 1 2 3 4 5 6\nfox 1 2 3 4 5 6\n", "", "2 words"),
        ]
        for (text, place, found) in bad {
            let failure = try failure(folder.write("bad.txt", text))
            #expect(failure.place.hasSuffix("bad.txt\(place)") && failure.found == found, "\(text): \(failure)")
        }
    }

    @Test func vocabularies() throws {
        let folder = try TemporaryFolder()
        let none = try #require(throws: Failure.self) { try TokenWords(datasetFolder: folder.path, tokens: 3) }
        #expect(none.found == "neither vocabulary.txt nor Xf.txt")
        _ = try folder.write("Xf.txt", "a\r\nb\r\n\r\n")
        let words = try TokenWords(datasetFolder: folder.path, tokens: 3)
        #expect(words[1].elementsEqual("b".utf8) && words[2].isEmpty)
        #expect(try TokenWords(datasetFolder: folder.path, tokens: 2).count == 2)
        let few = try #require(throws: Failure.self) { try TokenWords(datasetFolder: folder.path, tokens: 4) }
        #expect(few.found == "3 lines" && few.expected.hasPrefix("4"))
    }

    /// Whatever is done to a model: an error, or vectors of some kind; never a crash, never much memory.
    @Test func damagedModels() throws {
        let folder = try TemporaryFolder()
        let words = try FastTextOracle.words()
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: FastTextOracle.path("subwords.bin"))))
        let good = try read(FastTextOracle.path("subwords.bin")).matrix.buffer.array
        func attempt(_ bytes: [UInt8]) throws -> [Float]? {
            let path = try folder.write("m.bin", bytes)
            do { return try TokenEmbeddings.read(path: path, words: words, dimensions: 6).matrix.buffer.array } catch is Failure {
                return nil
            }
        }
        var refused = 0
        for length in stride(from: 0, to: whole.count, by: 3) {
            let got = try attempt(Array(whole[..<length]))
            #expect(got == nil || got == good)
            if got == nil { refused += 1 }
        }
        #expect(refused > whole.count / 6)
        // All that stands before the matrix, each byte set to what does most harm.
        for at in 0..<600 {
            for value: UInt8 in [0, 0x7F, 0x80, 0xFF] {
                var bytes = whole
                bytes[at] = value
                _ = try attempt(bytes)
            }
        }
    }
}
