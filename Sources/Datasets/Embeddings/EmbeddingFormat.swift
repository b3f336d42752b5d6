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
    /// GloVe's text: the same lines without a header.
    case glove(dimensions: Int)

    /// - Throws: `Failure` where the file is none of these.
    public init(_ file: MappedFile) throws {
        let bytes = file.bytes
        if bytes.starts(with: NPYHeader.magic) {
            self = .npy
        } else if bytes.starts(with: FastTextModel.magic) {
            self = .fastTextModel
        } else if let text = Self.text(bytes[...]) {
            self = text
        } else {
            throw Failure(
                .usage, "not a file of token embeddings", at: file.path,
                found: bytes.isEmpty ? "an empty file" : quoted(bytes.prefix(32), limit: 32),
                expected: "a NumPy array (.npy), fastText's .bin or .vec, or GloVe's text",
                advice: bytes.starts(with: [0x1F, 0x8B]) ? "unpack it by gunzip" : "check global and section keys `embeddings`")
        }
    }

    /// How messages call it.
    public var name: String {
        switch self {
        case .npy: "NumPy array"
        case .fastTextModel: "fastText model"
        case .vectors: "fastText vectors"
        case .glove: "GloVe vectors"
        }
    }

    private static func text(_ bytes: LineBytes) -> EmbeddingFormat? {
        // A row of a few thousand numbers is a few ten thousand bytes: what has no line end by then is no text.
        let end = min(lineEnd(bytes.base, from: 0), 1 << 20)
        let words = bytes[..<end].split(whereSeparator: isBlank)
        if words.count == 2, let count = wholeNumber(words[0]), let dimensions = wholeNumber(words[1]), dimensions > 0 {
            return .vectors(words: count, dimensions: dimensions)
        }
        guard words.count > 1, words.dropFirst().allSatisfy({ decimalNumber($0) != nil }) else {
            return nil
        }
        return .glove(dimensions: words.count - 1)
    }

    private static func wholeNumber(_ word: LineBytes) -> Int? {
        guard word.count <= 18, word.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return word.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}

/// White space within a line.
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
