import Support

/// One line of a WordNet data file (wndb(5WN)): a set of synonyms, the synsets above it and its definition.
public struct Synset: Sendable, Equatable {
    /// Byte offset in the data file, eight digits: the synset's id.
    public let offset: String
    /// Synonyms as written in the file: `_` stands for a space.
    public let lemmas: [String]
    /// Offsets of the noun synsets directly above: pointers `@` (kind of) and `@i` (instance of).
    public let hypernyms: [String]
    /// The gloss up to its first quoted example.
    public let definition: String

    /// Parses `offset lex_filenum ss_type w_cnt word lex_id … p_cnt symbol offset pos source/target … | gloss`.
    ///
    /// - Parameter place: `file:line`, for the message.
    /// - Throws: `Failure` where a field is missing or not of its kind.
    public init(line: some StringProtocol, at place: String) throws {
        guard let bar = line.utf8.firstIndex(of: UInt8(ascii: "|")) else { throw Self.malformed("a gloss after |", place, line) }
        let fields = line[..<bar].split(separator: " ")
        guard fields.count > 4, fields[0].utf8.count == 8, UInt32(fields[0]) != nil else {
            throw Self.malformed("an offset of eight digits and at least four fields more", place, line)
        }
        guard let words = Int(fields[3], radix: 16), words > 0, words <= (fields.count - 5) / 2 else {
            throw Self.malformed("w_cnt (hexadecimal) and as many words", place, line)
        }
        let afterWords = 4 + 2 * words
        guard let pointers = Int(fields[afterWords]), pointers >= 0, pointers <= (fields.count - afterWords - 1) / 4
        else {
            throw Self.malformed("p_cnt (decimal) and as many pointers", place, line)
        }
        offset = String(fields[0])
        lemmas = (0..<words).map { String(fields[4 + 2 * $0]) }
        hypernyms = (0..<pointers).compactMap { index in
            let at = afterWords + 1 + 4 * index
            let isHypernym = (fields[at] == "@" || fields[at] == "@i") && fields[at + 2] == "n"
            return isHypernym ? String(fields[at + 1]) : nil
        }
        definition = Self.definition(ofGloss: line[line.index(after: bar)...])
    }

    /// The name of the synset where it is a label: `passageway.03895585`.
    public var labelName: String { "\(lemmas[0]).\(offset)" }

    /// `tunnel : a passageway through or under something`: what a document of this synset says.
    public var text: String { words + " : " + definition }

    /// Its lemmas.
    var words: String { lemmas.map { String($0.map { $0 == "_" ? " " : $0 }) }.joined(separator: " ") }

    /// Examples follow as `; "…"`; an entity's definition is all that stands before the first.
    private static func definition(ofGloss gloss: some StringProtocol) -> String {
        let bytes = Array(gloss.utf8)
        let mark = Array("; \"".utf8)
        let end = bytes.indices.first { bytes[$0...].starts(with: mark) } ?? bytes.count
        let kept = String(decoding: bytes[..<end], as: UTF8.self)
        guard let first = kept.firstIndex(where: { $0 != " " }), let last = kept.lastIndex(where: { $0 != " " }) else {
            return ""
        }
        return String(kept[first...last])
    }

    private static func malformed(_ expected: String, _ place: String, _ line: some StringProtocol) -> Failure {
        Failure(
            .usage, "this is not a line of WordNet's data.noun", at: place, found: String(line.prefix(60)), expected: expected,
            advice: "reinstall the package: apt-get install --reinstall wordnet-base")
    }
}
