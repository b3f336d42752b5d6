import Formats
import Support

/// The forms in which token embeddings come, told from a file's first bytes.
public enum EmbeddingFormat: Sendable, Equatable {
    /// A NumPy array with a row a token.
    case npy
    /// fastText's model (`.bin`): words and sub-words.
    case fastTextModel
    /// fastText's and word2vec's text (`.vec`): `words dimensions`, then `word v1 v2 …` a line.
    case vectors(words: Int, dimensions: Int)
    /// word2vec's binary form (`.bin`): the same first line, then each word, a blank and its floats.
    case word2vec(words: Int, dimensions: Int)
    /// GloVe's text: the lines of `vectors` without a header.
    case glove(dimensions: Int)

    /// - Throws: `Failure` where the file is none of these.
    public init(_ file: MappedFile) throws {
        let bytes = file.bytes
        if bytes.starts(with: NPYHeader.magic) {
            self = .npy
        } else if bytes.starts(with: FastTextModel.magic) {
            self = .fastTextModel
        } else if let text = Self.text(file) {
            self = text
        } else {
            let kind = ForeignKind(bytes)
            throw Failure(
                .usage, "not a file of token embeddings", at: file.path,
                found: bytes.isEmpty ? "an empty file" : kind?.name ?? quoted(bytes.prefix(32), limit: 32),
                expected: "a NumPy array (.npy), fastText's .bin or .vec, word2vec's .bin, or GloVe's text",
                advice: kind?.advice ?? "check global and section keys `embeddings`")
        }
    }

    /// How messages call it.
    public var name: String {
        switch self {
        case .npy: "NumPy array"
        case .fastTextModel: "fastText model"
        case .vectors: "fastText vectors"
        case .word2vec: "word2vec vectors"
        case .glove: "GloVe vectors"
        }
    }

    /// Byte where a text begins: behind a byte order mark, as Windows editors write.
    static func start(_ file: MappedFile) -> Int { file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }

    private static func text(_ file: MappedFile) -> EmbeddingFormat? {
        let start = start(file), end = endOfLine(file, from: start)
        let words = file.bytes[start..<end].split(whereSeparator: isBlank)
        if words.count == 2, let count = wholeNumber(words[0]), let dimensions = wholeNumber(words[1]), dimensions > 0 {
            let isBinary = end < file.count && beginsBinary(file, from: end + 1, dimensions: dimensions)
            return isBinary ? .word2vec(words: count, dimensions: dimensions) : .vectors(words: count, dimensions: dimensions)
        }
        return gloveDimensions(file, from: start).map { .glove(dimensions: $0) }
    }

    /// A row of a few thousand numbers is a few ten thousand bytes: what has no line end by then is no text.
    private static func endOfLine(_ file: MappedFile, from start: Int) -> Int {
        min(lineEnd(file.bytes, from: start), start + 1 << 20)
    }

    /// Whether a word's floats follow, and not its numbers as text: bytes are among them that no text has.
    private static func beginsBinary(_ file: MappedFile, from start: Int, dimensions: Int) -> Bool {
        let rest = file.bytes[start...], line = rest[start..<endOfLine(file, from: start)]
        let numbers = line.split(whereSeparator: isBlank).suffix(dimensions)
        if numbers.count == dimensions, numbers.allSatisfy({ decimalNumber($0) != nil }) { return false }
        return rest.prefix(1 << 16).contains { $0 < 0x20 && !isBlank($0) && $0 != 0x0A }
    }

    /// Words may hold blanks, and parts of them may be numbers: most of the first lines say how many numbers there are, or the first.
    private static func gloveDimensions(_ file: MappedFile, from start: Int) -> Int? {
        var counts: [Int: Int] = [:]
        var first: Int?
        var at = start
        for _ in 0..<64 where at < file.count {
            let end = endOfLine(file, from: at), fields = file.bytes[at..<end].split(whereSeparator: isBlank)
            let numbers = fields.dropFirst().reversed().prefix { decimalNumber($0) != nil }.count
            // What does not end with a number is no vector: where that comes first, this is no file of them.
            if numbers == 0, !fields.isEmpty, first == nil { return nil }
            if numbers > 0 {
                counts[numbers, default: 0] += 1
                first = first ?? numbers
            }
            at = end + 1
        }
        let most = counts.values.max(), likely = counts.keys.filter { counts[$0] == most }
        return likely.first { $0 == first } ?? likely.min()
    }

    private static func wholeNumber(_ word: LineBytes) -> Int? {
        guard word.count <= 18, word.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return word.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}

/// White space within a line.
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
