import Formats
import Support

/// Hugging Face's tokenizer.json, where it describes a BERT tokenizer; other ones are refused by what is other about them.
struct WordPieceFile {
    let path: String
    private(set) var rule = WordPiece.Rule()
    /// By number.
    private(set) var pieces: [(name: String, id: Int32)] = []
    /// nil: texts are not cut.
    private(set) var maxTokens: Int?
    /// Of each name, the special pieces included.
    private var numbers: [ExactString: Int32] = [:]
    private static let largestId = 1 << 24

    init(_ file: MappedFile) throws {
        path = file.path
        let json = try JSONValue.read(file)
        try readText(json)
        try readModel(json["model"] ?? .null)
        try readSpecials(json["added_tokens"] ?? .null)
        try readFrame(json["post_processor"] ?? .null)
        if let most = json["truncation"]?["max_length"]?.integer { maxTokens = max(most, rule.before.count + rule.after.count) }
    }

    private mutating func readText(_ json: JSONValue) throws {
        let normalizer = json["normalizer"] ?? .null
        try require(normalizer["type"]?.string == "BertNormalizer", "normalizer", normalizer["type"] ?? .null, "BertNormalizer")
        let cutter = json["pre_tokenizer"]?["type"] ?? .null
        try require(cutter.string == "BertPreTokenizer", "pre_tokenizer", cutter, "BertPreTokenizer")
        rule.text.cleans = normalizer["clean_text"] != .bool(false)
        rule.text.splitsChinese = normalizer["handle_chinese_chars"] != .bool(false)
        rule.text.lowerCase = normalizer["lowercase"] != .bool(false)
        if case .bool(let strips)? = normalizer["strip_accents"] { rule.text.stripsAccents = strips }
    }

    private mutating func readModel(_ model: JSONValue) throws {
        try require(model["type"]?.string == "WordPiece", "model", model["type"] ?? .null, "WordPiece")
        rule.unknown = model["unk_token"]?.string ?? rule.unknown
        rule.prefix = model["continuing_subword_prefix"]?.string ?? rule.prefix
        let longest = model["max_input_chars_per_word"] ?? .number(100)
        try require((1...1 << 20).contains(longest.integer ?? 0), "max_input_chars_per_word", longest, "1…1048576")
        rule.longestWord = longest.integer ?? 100
        let members = model["vocab"]?.members ?? []
        try require(!members.isEmpty, "vocab", .array([]), "{\"piece\": number, …}")
        pieces = try members.map { ($0.name, try id($0.value, "vocab: \($0.name)")) }.sorted { $0.id < $1.id }
        numbers = Dictionary(uniqueKeysWithValues: pieces.map { (ExactString($0.name), $0.id) })
    }

    private mutating func readSpecials(_ tokens: JSONValue) throws {
        guard case .array(let tokens) = tokens else { return }
        for token in tokens {
            let content = token["content"]?.string ?? ""
            for key in ["single_word", "normalized"] where token[key] == .bool(true) {
                try require(false, "added_tokens: \(content): \(key)", .bool(true), "false")
            }
            if content.isEmpty { continue }
            let number = try id(token["id"] ?? .null, "added_tokens: \(content)")
            let known = numbers.updateValue(number, forKey: ExactString(content)) ?? number
            try require(known == number, "added_tokens: \(content)", .integer(Int(number)), "\(known), as in vocab")
            rule.specials.append(.init(content: content, id: number))
        }
    }

    /// What is put before and behind a single text.
    private mutating func readFrame(_ processor: JSONValue) throws {
        switch processor["type"]?.string {
        case "TemplateProcessing":
            guard case .array(let parts)? = processor["single"] else { break }
            var isBehind = false
            for part in parts {
                if part["Sequence"] != nil { isBehind = true }
                guard let name = part["SpecialToken"]?["id"]?.string else { continue }
                guard case .array(let ids)? = processor["special_tokens"]?[name]?["ids"] else { continue }
                for one in ids { append(try id(one, "special_tokens: \(name)"), behind: isBehind) }
            }
        case "BertProcessing":
            for (key, isBehind) in [("cls", false), ("sep", true)] {
                guard case .array(let pair)? = processor[key], pair.count == 2 else { continue }
                append(try id(pair[1], "post_processor: \(key)"), behind: isBehind)
            }
        default:
            try require(
                processor == .null, "post_processor", processor["type"] ?? processor, "TemplateProcessing or BertProcessing")
        }
        let known = Set(numbers.values)
        for number in rule.before + rule.after {
            try require(known.contains(number), "post_processor", .integer(Int(number)), "the number of a piece")
        }
    }

    private mutating func append(_ id: Int32, behind: Bool) {
        if behind { rule.after.append(id) } else { rule.before.append(id) }
    }

    private func id(_ value: JSONValue, _ place: String) throws -> Int32 {
        let number = value.integer ?? -1
        try require((0...Self.largestId).contains(number), place, value, "a number, 0…\(Self.largestId)")
        return Int32(number)
    }

    private func require(_ holds: Bool, _ key: String, _ found: JSONValue, _ expected: String) throws {
        if holds { return }
        throw Failure(
            .usage, "not a BERT tokenizer, which is all that this program reads", at: "\(path): \(key.prefix(100))",
            found: String(found.compactText.prefix(100)), expected: expected,
            advice: "give the folder of a BERT, DistilBERT, MiniLM, BGE or E5 model")
    }
}

extension WordPieceFile {
    /// The file that says all of a tokenizer.
    static func json(of tokenizer: WordPiece) -> JSONValue {
        let rule = tokenizer.rule
        let limit: JSONValue =
            tokenizer.maxTokens == WordPiece.unlimited
            ? .null
            : object([
                ("direction", .string("Right")), ("max_length", .integer(tokenizer.maxTokens)),
                ("strategy", .string("LongestFirst")),
                ("stride", .integer(0)),
            ])
        return object([
            ("version", .string("1.0")), ("truncation", limit), ("padding", .null),
            ("added_tokens", .array(rule.specials.map(special))), ("normalizer", normalizer(rule.text)),
            ("pre_tokenizer", object([("type", .string("BertPreTokenizer"))])), ("post_processor", frame(tokenizer)),
            ("decoder", object([("type", .string("WordPiece")), ("prefix", .string(rule.prefix)), ("cleanup", .bool(true))])),
            ("model", model(tokenizer)),
        ])
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONValue.Member($0.0, $0.1) })
    }

    private static func special(_ special: WordPiece.Special) -> JSONValue {
        let flags = ["single_word", "lstrip", "rstrip", "normalized"].map { ($0, JSONValue.bool(false)) }
        return object(
            [("id", .integer(Int(special.id))), ("content", .string(special.content))] + flags + [("special", .bool(true))])
    }

    private static func normalizer(_ text: BertText.Rule) -> JSONValue {
        object([
            ("type", .string("BertNormalizer")), ("clean_text", .bool(text.cleans)),
            ("handle_chinese_chars", .bool(text.splitsChinese)),
            ("strip_accents", text.stripsAccents.map(JSONValue.bool) ?? .null),
            ("lowercase", .bool(text.lowerCase)),
        ])
    }

    private static func frame(_ tokenizer: WordPiece) -> JSONValue {
        func names(_ ids: [Int32]) -> [(name: String, id: Int32)] { ids.map { (tokenizer.name(of: $0), $0) } }
        let (before, after) = (names(tokenizer.rule.before), names(tokenizer.rule.after))
        func mark(_ name: String, _ type: Int) -> JSONValue {
            object([("SpecialToken", object([("id", .string(name)), ("type_id", .integer(type))]))])
        }
        func text(_ name: String, _ type: Int) -> JSONValue {
            object([("Sequence", object([("id", .string(name)), ("type_id", .integer(type))]))])
        }
        let single = before.map { mark($0.name, 0) } + [text("A", 0)] + after.map { mark($0.name, 0) }
        let pair = single + [text("B", 1)] + after.map { mark($0.name, 1) }
        var known = Set<Int32>()
        let tokens = (before + after).filter { known.insert($0.id).inserted }.map { name, id in
            let ids = JSONValue.array([.integer(Int(id))])
            return (name, object([("id", .string(name)), ("ids", ids), ("tokens", .array([.string(name)]))]))
        }
        return object([
            ("type", .string("TemplateProcessing")), ("single", .array(single)), ("pair", .array(pair)),
            ("special_tokens", object(tokens)),
        ])
    }

    private static func model(_ tokenizer: WordPiece) -> JSONValue {
        let rule = tokenizer.rule
        let vocabulary = tokenizer.ids.indices.map { (tokenizer.pieces[$0], JSONValue.integer(Int(tokenizer.ids[$0]))) }
        return object([
            ("type", .string("WordPiece")), ("unk_token", .string(rule.unknown)),
            ("continuing_subword_prefix", .string(rule.prefix)), ("max_input_chars_per_word", .integer(rule.longestWord)),
            ("vocab", object(vocabulary)),
        ])
    }
}

extension WordPiece {
    /// The text of a special piece, or of one of the vocabulary.
    fileprivate func name(of id: Int32) -> String {
        rule.specials.first { $0.id == id }?.content ?? ids.firstIndex(of: id).map { pieces[$0] } ?? "\(id)"
    }
}
