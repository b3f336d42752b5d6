/// Which features stand beside the words of a vocabulary.
public enum SubwordRule: Sendable, Equatable {
    case none
    /// All character n-grams of `<word>` with `min` to `max` characters (Bojanowski et al., TACL 2017).
    case ngrams(min: Int = 3, max: Int = 6)
    /// The pieces of each word after at most `merges` merges learnt from the training texts (Sennrich et al., ACL 2016).
    case bpe(merges: Int = 8000)
}

/// Cuts a word into its sub-words: a rule with all that it learnt.
enum SubwordSplitter: Sendable, Equatable {
    case ngrams(CharacterNgrams)
    case bpe(BytePairEncoding)

    /// Longer words have no sub-words: they are codes or text without spaces, and their number of n-grams has no bound.
    static let longestWord = 100

    init?(learning rule: SubwordRule, from texts: TokenisedText) {
        switch rule {
        case .none: return nil
        case .ngrams(let min, let max): self = .ngrams(CharacterNgrams(min: min, max: max))
        case .bpe(let merges): self = .bpe(BytePairEncoding(learning: merges, words: texts.words, counts: texts.wordCounts()))
        }
    }

    /// Calls `body` with the UTF-8 of each sub-word of `word`, in order, repeats included; never with the whole word, which
    /// is a feature of its own.
    func forEachPart(of word: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        switch self {
        case .ngrams(let ngrams): ngrams.forEachPart(of: word, body)
        case .bpe(let encoding): encoding.forEachPart(of: word, body)
        }
    }
}

/// fastText's sub-words of a word: the n-grams of `<word>`, with marks at its beginning and end.
///
/// By place of their first character, then by length, as fastText's `computeSubwords` gives them. A mark alone is none, and
/// `<word>` itself is left out.
struct CharacterNgrams: Sendable, Equatable {
    /// Characters are Unicode scalars, the marks counted.
    let min, max: Int

    func forEachPart(of word: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        let marked = word.copied(before: [UInt8(ascii: "<")], after: [UInt8(ascii: ">")])
        let starts = marked.indices.filter { marked[$0] & 0xC0 != 0x80 } + [marked.count]
        guard starts.count - 3 <= SubwordSplitter.longestWord else { return }
        slide(over: marked.span, starts, starts.count - 1, body)
    }

    private func slide(over marked: Span<UInt8>, _ starts: [Int], _ count: Int, _ body: (Span<UInt8>) -> Void) {
        for first in 0..<count {
            var length = min
            while length <= max, first + length <= count {
                let isMark = length == 1 && (first == 0 || first == count - 1)
                if !isMark, length < count {
                    body(marked.extracting(starts[first]..<starts[first + length]))
                }
                length += 1
            }
        }
    }
}

extension Span<UInt8> {
    /// The bytes between marks, as an array.
    func copied(before: [UInt8], after: [UInt8]) -> [UInt8] {
        var bytes = before
        bytes.reserveCapacity(count + before.count + after.count)
        for index in indices { bytes.append(self[index]) }
        return bytes + after
    }
}
