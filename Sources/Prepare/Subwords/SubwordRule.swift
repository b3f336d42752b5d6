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
    func forEachPart(of word: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        switch self {
        case .ngrams(let ngrams): ngrams.forEachPart(of: word, body)
        case .bpe(let encoding): encoding.forEachPart(of: word, body)
        }
    }
}
