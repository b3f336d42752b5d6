import Formats
import Support

extension WordPiece {
    /// Of as many tokens as there may be: cutting is the caller's choice.
    static let unlimited = Int(Int32.max)
    /// What a data set's tokenizer of pieces is called.
    public static let fileName = "wordpiece.json"

    /// The tokenizer of a model's folder: tokenizer.json, or vocab.txt where that is missing; what tokenizer_config.json says of
    /// capitals, accents and Chinese characters holds for both.
    ///
    /// - Throws: `Failure` where a file is missing or damaged, or asks for what is no BERT tokenizer.
    public init(folder: String) throws {
        let settings = try TokenizerSettings(folder: folder)
        if isFile("\(folder)/tokenizer.json") {
            let file = try WordPieceFile(MappedFile(path: "\(folder)/tokenizer.json"))
            try self.init(file, settings.applied(to: file.rule), maxTokens: Self.unlimited)
        } else if isFile("\(folder)/vocab.txt") {
            try self.init(vocabulary: "\(folder)/vocab.txt", settings)
        } else {
            throw Failure(
                .usage, "the folder has no tokenizer that this program reads", at: folder,
                found: namesInFolder(folder).prefix(12).joined(separator: ", "), expected: "tokenizer.json or vocab.txt",
                advice: "copy the model's folder whole: its tokenizer belongs to its weights")
        }
    }

    /// A tokenizer in Hugging Face's form, as `save` writes it; texts are cut where its `truncation` says.
    ///
    /// - Throws: `Failure` where the file is missing or damaged, or asks for what is no BERT tokenizer.
    public init(file path: String) throws { try self.init(MappedFile(path: path)) }

    package init(_ file: MappedFile) throws {
        let file = try WordPieceFile(file)
        try self.init(file, file.rule, maxTokens: file.maxTokens ?? Self.unlimited)
    }

    private init(_ file: WordPieceFile, _ rule: Rule, maxTokens: Int) throws {
        guard let made = WordPiece(file.pieces, rule: rule, maxTokens: maxTokens) else {
            throw Self.lacking(rule.unknown, file.path, file.pieces.count)
        }
        self = made
    }

    /// - Parameter path: a piece a line; line i, from 0, is the piece of number i.
    private init(vocabulary path: String, _ settings: TokenizerSettings) throws {
        let lines = try NameFile.read(path: path)
        let pieces = lines.enumerated().map { (name: $1, id: Int32($0)) }
        let numbers = Dictionary(pieces.map { ($0.name, $0.id) }, uniquingKeysWith: { _, last in last })
        var rule = settings.applied(to: Rule())
        rule.unknown = settings.special("unk_token") ?? "[UNK]"
        let (start, end) = (settings.special("cls_token") ?? "[CLS]", settings.special("sep_token") ?? "[SEP]")
        let others = [settings.special("pad_token") ?? "[PAD]", settings.special("mask_token") ?? "[MASK]"]
        for name in [start, end, rule.unknown] + others where !name.isEmpty {
            if let id = numbers[name] { rule.specials.append(Special(content: name, id: id)) }
        }
        guard let first = numbers[start] else { throw Self.lacking(start, path, pieces.count) }
        guard let last = numbers[end] else { throw Self.lacking(end, path, pieces.count) }
        (rule.before, rule.after) = ([first], [last])
        guard let made = WordPiece(pieces, rule: rule, maxTokens: Self.unlimited) else {
            throw Self.lacking(rule.unknown, path, pieces.count)
        }
        self = made
    }

    private static func lacking(_ piece: String, _ path: String, _ count: Int) -> Failure {
        Failure(
            .usage, "the vocabulary lacks a piece that every BERT tokenizer needs", at: path, found: "\(count) pieces",
            expected: piece, advice: "give the folder of a BERT, DistilBERT, MiniLM, BGE or E5 model")
    }

    /// Writes wordpiece.json, in Hugging Face's form: `tokenizers.Tokenizer.from_file` reads it too.
    ///
    /// - Throws: `Failure` where the folder cannot be written or the disk is full.
    public func save(to folder: String) throws {
        try AtomicFile.write("\(folder)/\(Self.fileName)", Array(fileText.utf8))
    }

    /// What `save` writes.
    package var fileText: String { WordPieceFile.json(of: self).compactText + "\n" }
}

/// What a model's folder says beside its vocabulary: tokenizer_config.json, which may be missing.
private struct TokenizerSettings {
    private let json: JSONValue

    init(folder: String) throws {
        let path = "\(folder)/tokenizer_config.json"
        json = isFile(path) ? try JSONValue.read(path) : .object([])
    }

    /// The text of a special token: as it is, or as an object with `content`.
    func special(_ key: String) -> String? { json[key]?.string ?? json[key]?["content"]?.string }

    func applied(to rule: WordPiece.Rule) -> WordPiece.Rule {
        var rule = rule
        if case .bool(let lowerCase)? = json["do_lower_case"] { rule.text.lowerCase = lowerCase }
        if case .bool(let splits)? = json["tokenize_chinese_chars"] { rule.text.splitsChinese = splits }
        switch json["strip_accents"] {
        case .bool(let strips)?: rule.text.stripsAccents = strips
        case .null?: rule.text.stripsAccents = nil
        default: break
        }
        return rule
    }
}
