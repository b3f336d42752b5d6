import Formats
import Support

/// The input vectors of a fastText model file (Bojanowski et al., TACL 2017; format versions 11 and 12): a row for each
/// word of its dictionary, then one for each bucket of character n-grams' hashes.
///
/// The file is mapped: only the rows that are asked for are read.
struct FastTextModel {
    /// 793712314, little-endian.
    static let magic: [UInt8] = [0xBA, 0x16, 0x4F, 0x2F]
    private static let supervised: Int32 = 3

    private let file: MappedFile
    let dimensions: Int
    private let subWords: SubWords
    /// Words of the dictionary; its labels are not counted.
    private let words: Int
    /// Byte where the entries of the dictionary start, and their number.
    private let dictionary: (start: Int, entries: Int)
    /// Byte where the matrix starts, and its rows.
    private let matrix: (start: Int, rows: Int)

    /// - Throws: `Failure` where the file is cut off, of another version, quantised, or contradicts itself.
    init(_ file: MappedFile) throws {
        self.file = file
        var cursor = ByteCursor(file: file, what: "fastText model")
        _ = try cursor.int32()
        let version = try cursor.int32()
        guard version == 11 || version == 12 else {
            throw cursor.refused("unknown version of a fastText model", found: "version \(version)", expected: "11 or 12")
        }
        let arguments = try (0..<12).map { _ in try cursor.int32() }
        _ = try cursor.int64()
        dimensions = Int(arguments[0])
        // Old supervised models have no n-grams, whatever they say.
        let none = version == 11 && arguments[7] == Self.supervised
        (dictionary, words, subWords) = try Self.dictionary(
            &cursor, SubWords(shortest: arguments[9], longest: none ? 0 : arguments[10], buckets: arguments[8]))
        guard try cursor.byte() == 0 else {
            throw cursor.refused(
                "a quantised fastText model", found: "vectors in compressed form (.ftz)", expected: "a full model (.bin)",
                advice: "use the model before `fasttext quantize`, or its .vec file")
        }
        let (rows, cols) = (try cursor.int64(), try cursor.int64())
        guard cols == dimensions, cols > 0, rows >= 0, rows >= words + (subWords.isEmpty ? 0 : subWords.buckets) else {
            throw cursor.refused(
                "a fastText model that contradicts itself", found: "a matrix of \(rows)×\(cols)",
                expected: "\(dimensions) columns, a row for each of \(words) words and \(subWords.buckets) buckets")
        }
        let (cells, overflow) = rows.multipliedReportingOverflow(by: 4 * cols)
        guard !overflow, cells <= file.count - cursor.at else { throw cursor.cutOff() }
        matrix = (cursor.at, rows)
    }

    /// Walks over the dictionary without keeping its words.
    private static func dictionary(
        _ cursor: inout ByteCursor, _ told: SubWords
    ) throws -> ((start: Int, entries: Int), Int, SubWords) {
        let entries = Int(try cursor.int32())
        let words = Int(try cursor.int32())
        _ = try cursor.int32()
        _ = try cursor.int64()
        let pruned = try cursor.int64()
        let start = cursor.at
        guard entries >= 0, (0...entries).contains(words) else {
            throw cursor.refused(
                "a fastText model that contradicts itself", found: "\(words) words of \(entries) entries",
                expected: "no more words than entries")
        }
        for _ in 0..<entries { _ = try cursor.entry() }
        // A model whose n-grams were pruned is a quantised one, which the next byte says; 0: all were.
        guard pruned <= Int64.max / 8, pruned <= 0 || pruned * 8 <= cursor.left else { throw cursor.cutOff() }
        cursor.skip(8 * max(0, pruned))
        return ((start, entries), words, pruned == 0 ? SubWords(shortest: 0, longest: 0, buckets: 0) : told)
    }

    /// Fills the rows of `matrix`: each the mean of the word's own row, where the dictionary has it, and its sub-words'.
    ///
    /// - Returns: for each token how many rows of the model went into its own; 0: it has none.
    /// - Throws: `Failure` where a value is not finite.
    func read(_ tokens: TokenWords, into result: DenseMatrix) throws -> (rows: [Int32], inDictionary: Int) {
        let ids = try dictionaryIds(tokens)
        var used = [Int32](repeating: 0, count: tokens.count)
        for token in 0..<tokens.count {
            var rows = subWords.buckets(of: tokens[token]).map { words + $0 }
            if ids[token] >= 0 { rows.insert(Int(ids[token]), at: 0) }
            used[token] = Int32(rows.count)
            try mean(rows, into: result.elements(token))
        }
        return (used, ids.count { $0 >= 0 })
    }

    /// The row of each token's word, −1 where the dictionary lacks it.
    private func dictionaryIds(_ tokens: TokenWords) throws -> [Int32] {
        var ids = [Int32](repeating: -1, count: tokens.count)
        var cursor = ByteCursor(file: file, what: "fastText model")
        cursor.skip(dictionary.start)
        for id in 0..<words {
            if let token = tokens.token(try cursor.entry()) { ids[token] = Int32(id) }
        }
        for token in 0..<tokens.count { ids[token] = ids[tokens.first(token)] }
        return ids
    }

    private func mean(_ rows: [Int], into out: BufferSlice<Float>) throws {
        guard !rows.isEmpty else { return }
        for row in rows {
            // Names of any length stand before the matrix, so that it starts at any byte.
            let start = matrix.start + 4 * row * dimensions
            for i in 0..<dimensions { out[i] += file.bytes.loadUnaligned(fromByteOffset: start + 4 * i, as: Float.self) }
        }
        let scale = 1 / Float(rows.count)
        for i in 0..<dimensions {
            out[i] *= scale
            guard out[i].isFinite else {
                throw Failure(
                    .usage, "value not finite", at: file.path, found: "\(out[i]) in the vector of a word",
                    expected: "finite numbers",
                    advice: "the model has diverged: train it again at a lower learning rate")
            }
        }
    }
}

/// fastText's character n-grams: which buckets a word's belong to.
struct SubWords {
    let shortest: Int
    let longest: Int
    let buckets: Int

    init(shortest: Int32, longest: Int32, buckets: Int32) {
        self.shortest = Int(shortest)
        self.longest = Int(longest)
        self.buckets = Int(max(0, buckets))
    }

    var isEmpty: Bool { longest <= 0 || buckets == 0 }

    /// Of `<word>`, all runs of `shortest` … `longest` characters, but a lone `<` or `>`; the end of a sentence has none.
    func buckets(of word: LineBytes) -> [Int] {
        guard !isEmpty, !word.elementsEqual("</s>".utf8) else { return [] }
        let text = [UInt8(ascii: "<")] + word + [UInt8(ascii: ">")]
        func continues(_ at: Int) -> Bool { at < text.count && text[at] & 0xC0 == 0x80 }
        var found = [Int]()
        for start in text.indices where !continues(start) {
            var end = start
            var hash = FNV1a.FastText()
            var length = 1
            while end < text.count, length <= longest {
                repeat {
                    hash.add(text[end])
                    end += 1
                } while continues(end)
                if length >= shortest, !(length == 1 && (start == 0 || end == text.count)) {
                    found.append(Int(hash.value % UInt32(buckets)))
                }
                length += 1
            }
        }
        return found
    }
}
