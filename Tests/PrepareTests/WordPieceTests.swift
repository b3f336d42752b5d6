import Formats
import Foundation
import Prepare
import Support
import TestSupport
import Testing

/// Tests/oracles/wordpiece: lines of many scripts, and what the reference makes of them.
private struct WordPieceOracle: Decodable {
    struct Rule: Decodable {
        var clean_text, handle_chinese_chars, lowercase: Bool
        var strip_accents: Bool?

        var text: BertText.Rule {
            var rule = BertText.Rule()
            (rule.cleans, rule.splitsChinese, rule.lowerCase) = (clean_text, handle_chinese_chars, lowercase)
            rule.stripsAccents = strip_accents
            return rule
        }
    }

    var lines: [String]
    var rules: [String: Rule]
    var ids: [String: [[Int32]]]
    /// Rule → first of 4,096 characters → digest.
    var characters: [String: [String: String]]

    static let folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/oracles/wordpiece"
    static let read = Result {
        try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/lines.json")))
    }
}

@Suite struct WordPieceTests {
    private static let tokenizer = "\(WordPieceOracle.folder)/tokenizer.json"

    /// The fixture's tokenizer with other settings, which stand in its file.
    private func tokenizer(_ rule: WordPieceOracle.Rule) throws -> WordPiece {
        let scratch = try TemporaryFolder()
        var text = try String(contentsOfFile: Self.tokenizer, encoding: .utf8)
        let accents = rule.strip_accents.map { "\($0)" } ?? "null"
        let settings =
            #""clean_text":\#(rule.clean_text),"handle_chinese_chars":\#(rule.handle_chinese_chars),"strip_accents":\#(accents),"#
            + #""lowercase":\#(rule.lowercase)"#
        text = text.replacingOccurrences(
            of: #""clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true"#, with: settings)
        #expect(text.contains(settings))
        return try WordPiece(file: scratch.write("tokenizer.json", text))
    }

    @Test(arguments: ["uncased", "cased", "accents", "raw"]) func linesAsTheReference(rule: String) throws {
        let oracle = try WordPieceOracle.read.get()
        let tokenizer = try tokenizer(#require(oracle.rules[rule])), wanted = try #require(oracle.ids[rule])
        #expect(oracle.lines.count == wanted.count && wanted.count > 200)
        for (line, ids) in zip(oracle.lines, wanted) {
            let made = tokenizer.encode(line)
            #expect(made.ids == ids && !made.isCut, "\(line.debugDescription)")
        }
    }

    @Test func cutAsTheReference() throws {
        let oracle = try WordPieceOracle.read.get()
        var tokenizer = try WordPiece(file: Self.tokenizer)
        let whole = oracle.lines.map { tokenizer.encode($0).ids.count }
        tokenizer.maxTokens = 16
        for (row, line) in oracle.lines.enumerated() {
            let made = tokenizer.encode(line)
            #expect(made.ids == oracle.ids["cut"]?[row] && made.isCut == (whole[row] > 16))
        }
    }

    /// Between a and b, each character of planes 0, 1, 2 and 14.
    @Test(arguments: ["uncased", "cased", "accents", "raw"]) func allCharactersAsTheReference(rule: String) throws {
        let oracle = try WordPieceOracle.read.get()
        let text = BertText(try #require(oracle.rules[rule]).text), digests = try #require(oracle.characters[rule])
        #expect(digests.count == 64)
        for (block, digest) in digests {
            let start = try #require(UInt32(block, radix: 16))
            #expect(Self.digest(text, start..<start + 4096) == digest, "from U+\(block)")
        }
    }

    private static func digest(_ text: BertText, _ block: Range<UInt32>) -> String {
        var all: [UInt8] = []
        for scalar in block.lazy.compactMap(Unicode.Scalar.init) {
            let between = "a\(scalar)b"
            var isFirst = true
            _ = text.forEachWord(in: between.utf8.span) { word in
                if !isFirst { all.append(0x1F) }
                isFirst = false
                word.withUnsafeBufferPointer { all.append(contentsOf: $0) }
                return true
            }
            all.append(0x1E)
        }
        var crc = CRC32()
        all.withUnsafeBytes { crc.update($0) }
        return crc.hex
    }

    /// Marks that are decomposed are sorted, also where what parts them is dropped.
    @Test func marksAreSorted() throws {
        func words(_ text: String) -> [String] {
            var words: [String] = []
            _ = BertText(.init()).forEachWord(in: text.utf8.span) { word in
                words.append(word.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
                return true
            }
            return words
        }
        #expect(words("a\u{302E}\u{200D}\u{1D165}") == ["a\u{1D165}\u{302E}"])
        #expect(words("a\u{302E}b\u{1D165}") == ["a\u{302E}b\u{1D165}"])
        #expect(words("a\u{302E}\u{301}\u{1D165} \u{1D165}") == ["a\u{1D165}\u{302E}", "\u{1D165}"])
        #expect(words("É\u{302E}中,") == ["e\u{302E}", "中", ","])
    }

    @Test func vocabularyFileAndItsSettings() throws {
        let scratch = try TemporaryFolder()
        try scratch.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\n##der\nRed\n红\n色\nrot\n")
        #expect(try WordPiece(folder: scratch.path).encode("Redder 红色 röt [SEP]x").ids == [2, 5, 6, 8, 9, 10, 3, 1, 3])
        try scratch.write("tokenizer_config.json", #"{"do_lower_case": false, "tokenize_chinese_chars": false}"#)
        #expect(try WordPiece(folder: scratch.path).encode("Redder 红色 röt").ids == [2, 7, 6, 1, 1, 3])
        try scratch.write(
            "tokenizer_config.json", #"{"strip_accents": false, "cls_token": {"content": "red"}, "unk_token": "[MASK]"}"#)
        #expect(try WordPiece(folder: scratch.path).encode("Rot röt redred").ids == [5, 10, 4, 5, 5, 3])
        try scratch.write("tokenizer_config.json", #"{"sep_token": "[END]"}"#)
        #expect(failure { _ = try WordPiece(folder: scratch.path) }?.expected == "[END]")
    }

    /// What is written is the same tokenizer, its limit included.
    @Test func savedAndReadAgain() throws {
        let scratch = try TemporaryFolder()
        var tokenizer = try WordPiece(folder: WordPieceOracle.folder)
        for limit in [tokenizer.maxTokens, 24] {
            tokenizer.maxTokens = limit
            try tokenizer.save(to: scratch.path)
            #expect(try WordPiece(file: scratch.file("wordpiece.json")) == tokenizer)
        }
    }

    @Test(arguments: [
        ("WordPiece", "BPE", "model"), ("BertNormalizer", "NFC", "normalizer"),
        ("BertPreTokenizer", "Whitespace", "pre_tokenizer"),
        ("TemplateProcessing", "RobertaProcessing", "post_processor"), (#""ids":[3]"#, #""ids":[30000]"#, "post_processor"),
        (#"{"id":1,"content""#, #"{"id":9,"content""#, "added_tokens"), (#""[UNK]":1"#, #""[UNK]":-1"#, "vocab: [UNK]"),
        (#""[UNK]":1"#, #""[UKN]":1"#, "tokenizer.json"), (#""normalized":false"#, #""normalized":true"#, "normalized"),
        (#""single_word":false"#, #""single_word":true"#, "single_word"),
        (#""max_input_chars_per_word":100"#, #""max_input_chars_per_word":0"#, "max_input"),
    ])
    func refusesOtherTokenizers(old: String, new: String, place: String) throws {
        let scratch = try TemporaryFolder()
        let text = try String(contentsOfFile: Self.tokenizer, encoding: .utf8)
        let other = text.replacingOccurrences(of: "\"type\":\"\(old)\"", with: "\"type\":\"\(new)\"").replacingOccurrences(
            of: old, with: new)
        #expect(other != text)
        let failure = try #require(failure { _ = try WordPiece(file: scratch.write("tokenizer.json", other)) })
        #expect(failure.code == .usage && failure.place.contains(place), "\(failure)")
    }
}

@Suite struct PretrainedPreparationTests {
    private let train = [
        Document(labels: ["x", "y"], text: "Red green"), Document(labels: ["x"], text: "green, blue! red"),
        Document(labels: ["y"], text: "red"),
    ]

    /// A model's folder without weights.
    private func model(positions: Int = 8, rows: Int = 16) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\ngreen\n,\n!\nbl\n##ue\n")
        try folder.write(
            "config.json",
            """
            {"model_type": "bert", "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 6,
             "vocab_size": \(rows), "max_position_embeddings": \(positions), "type_vocab_size": 2}
            """)
        return folder
    }

    @Test func sequencesArePieces() throws {
        let scratch = try TemporaryFolder(), model = try model()
        var preparation = Preparation(dataFolder: scratch.path, name: "Own")
        preparation.embeddings = nil
        preparation.minLabelCount = 1
        preparation.pretrained = try PretrainedPieces(folder: model.path, maxTokens: 6)
        preparation.labelText = { $0 == "x" ? "green" : "" }
        let summary = try preparation.run(train: train, test: [Document(labels: ["x"], text: "green [SEP] red red red")])
        let pieces = try MatrixFile.read(path: scratch.file("Own/trn_X_seq.npz"), kind: .sequences, threads: 1)
        #expect(pieces.cols == 16 && pieces.starts.array == [0, 4, 10, 13])
        #expect(pieces.indices.array == [2, 5, 6, 3, 2, 6, 7, 9, 10, 3, 2, 5, 3])
        let cut = try MatrixFile.read(path: scratch.file("Own/tst_X_seq.npz"), kind: .sequences, threads: 1)
        #expect(cut.indices.array == [2, 6, 3, 5, 5, 3])
        let labels = try MatrixFile.read(path: scratch.file("Own/lbl_X_seq.npz"), kind: .sequences, threads: 1)
        #expect(labels.cols == 16 && labels.starts.array == [0, 3, 3] && labels.indices.array == [2, 6, 3])
        // The features are words as ever.
        #expect(try scratch.lines("Own/vocabulary.txt") == ["green", "red"])
        #expect((summary.pieces?.cutTrain, summary.pieces?.cutTest, summary.pieces?.columns) == (1, 1, 16))
        #expect(summary.description.contains("16 pieces, 4.33 a document; cut at 6: 1 training and 1 test documents"))
        #expect(try WordPiece(file: scratch.file("Own/wordpiece.json")) == preparation.pretrained?.tokenizer)
    }

    @Test func refusesWhatTheEncoderCannotRead() throws {
        let model = try model()
        for limit in [2, 9] {
            #expect(failure { _ = try PretrainedPieces(folder: model.path, maxTokens: limit) }?.place == "--max-tokens")
        }
        #expect(try PretrainedPieces(folder: model.path, maxTokens: 8).columns == 16)
        let small = try self.model(rows: 10)
        #expect(failure { _ = try PretrainedPieces(folder: small.path, maxTokens: 8) }?.found == "11")
        #expect(failure { _ = try PretrainedPieces(folder: small.file("none"), maxTokens: 8) }?.problem == "no such folder")
    }
}
