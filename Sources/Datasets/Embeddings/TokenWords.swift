import Formats
import Support

/// The words of a data set's tokens, and which token a word is. Words are compared byte by byte.
public struct TokenWords: Sendable {
    private let file: MappedFile
    private let ranges: [Range<Int>]
    /// Open addressing, a power of two of slots; −1: free. A word that stands twice is its first token's.
    private let slots: [Int32]

    public var path: String { file.path }
    public var count: Int { ranges.count }
    /// Some word is several, with blanks between them.
    let hasPhrases: Bool

    /// Reads `vocabulary.txt` or `Xf.txt` of a data set: line i is the word of token i.
    ///
    /// - Throws: `Failure` where the data set has neither, or the file has another number of lines.
    public init(datasetFolder: String, tokens: Int) throws {
        let names = ["vocabulary.txt", "Xf.txt"].map { "\(datasetFolder)/\($0)" }
        guard let path = names.first(where: isFile) else {
            throw Failure(
                .usage, "no vocabulary to match the rows of the embeddings", at: datasetFolder,
                found: "neither vocabulary.txt nor Xf.txt",
                expected: "a file with the word of each of the \(tokens) tokens, a line each",
                advice: "add it, or make the embeddings a .npy array with a row a token")
        }
        try self.init(path: path, tokens: tokens)
    }

    public init(path: String, tokens: Int) throws {
        file = try MappedFile(path: path)
        try ForeignKind.refuseBinary(file.bytes, at: path, expected: "a text, one word a line")
        var ranges = [Range<Int>]()
        ranges.reserveCapacity(tokens)
        try file.forEachLine { line, number in
            let word = number == 1 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
            ranges.append(word.startIndex..<(word.last == UInt8(ascii: "\r") ? word.endIndex - 1 : word.endIndex))
        }
        while ranges.count > tokens, ranges.last?.isEmpty == true { ranges.removeLast() }
        guard ranges.count == tokens else {
            throw Failure(
                .usage, "the vocabulary does not have one word for each token", at: path, found: "\(ranges.count) lines",
                expected: "\(tokens), the number of features", advice: "check that the file belongs to this data set")
        }
        self.ranges = ranges
        let bytes = file.bytes
        hasPhrases = ranges.contains { bytes[$0].contains(where: isBlank) }
        slots = Self.table(file, ranges)
    }

    package subscript(token: Int) -> LineBytes { file.bytes[ranges[token]] }

    /// The token whose word has these bytes.
    package func token(_ word: LineBytes) -> Int? {
        let slot = slots[Self.slot(word, slots, file, ranges)]
        return slot < 0 ? nil : Int(slot)
    }

    /// The first token with the same word as `token`.
    public func first(_ token: Int) -> Int { self.token(self[token]) ?? token }

    /// Changes with the words and their order.
    public var fingerprint: UInt64 { ContentHash.of(file.bytes) }

    private static func table(_ file: MappedFile, _ ranges: [Range<Int>]) -> [Int32] {
        var size = 16
        while size < 2 * ranges.count { size *= 2 }
        var slots = [Int32](repeating: -1, count: size)
        for (token, range) in ranges.enumerated() {
            let slot = slot(file.bytes[range], slots, file, ranges)
            if slots[slot] < 0 { slots[slot] = Int32(token) }
        }
        return slots
    }

    /// Where the word stands, or the free slot where it would.
    private static func slot(_ word: LineBytes, _ slots: [Int32], _ file: MappedFile, _ ranges: [Range<Int>]) -> Int {
        var at = Int(truncatingIfNeeded: word.contentHash) & (slots.count - 1)
        while slots[at] >= 0, !word.equals(file.bytes[ranges[Int(slots[at])]]) { at = (at + 1) & (slots.count - 1) }
        return at
    }
}
