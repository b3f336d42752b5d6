/// Many texts as numbers: each distinct token has one, given in the order of first sight.
struct TokenisedText {
    private(set) var words: [String] = []
    /// Token numbers of all texts, one after the other.
    private(set) var ids: [Int32] = []
    /// Where each text begins in `ids`, and a last entry: where the last one ends.
    private(set) var starts: [Int] = [0]

    init(_ texts: some Sequence<String>, tokenizer: Tokenizer) {
        var numbers = [String: Int32]()
        for text in texts {
            tokenizer.forEachToken(in: text) { token in
                let number = numbers[token] ?? Int32(words.count)
                if number == words.count {
                    numbers[token] = number
                    words.append(token)
                }
                ids.append(number)
            }
            starts.append(ids.count)
        }
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
}
