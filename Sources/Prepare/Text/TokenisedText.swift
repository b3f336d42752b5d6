/// Many texts as numbers: each distinct token has one, given in the order of first sight.
struct TokenisedText {
    private(set) var words: [String] = []
    /// Token numbers of all texts, one after the other.
    private(set) var ids: [Int32] = []
    /// Where each text begins in `ids`, and a last entry: where the last one ends.
    private(set) var starts: [Int] = [0]

    init(_ texts: some Sequence<String>, tokenizer: Tokenizer) {
        var table = TokenTable()
        for text in texts {
            tokenizer.forEachTokenBytes(in: text) { ids.append(table.number(of: $0)) }
            starts.append(ids.count)
        }
        words = (0..<table.count).map { table[$0] }
    }

    var count: Int { starts.count - 1 }
    subscript(text: Int) -> ArraySlice<Int32> { ids[starts[text]..<starts[text + 1]] }

    /// The number of texts in which each word stands.
    func documentCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: words.count)
        var lastSeen = [Int](repeating: -1, count: words.count)
        for text in 0..<count {
            for id in self[text] where lastSeen[Int(id)] != text {
                lastSeen[Int(id)] = text
                counts[Int(id)] += 1
            }
        }
        return counts
    }

    /// How often each word stands in all texts together.
    func wordCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: words.count)
        for id in ids { counts[Int(id)] += 1 }
        return counts
    }
}
