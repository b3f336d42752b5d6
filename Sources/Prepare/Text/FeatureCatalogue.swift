/// The choice of features from training texts: words and sub-words by the number of texts in which they stand.
struct FeatureCatalogue {
    /// Sorted by name (bytes), with their document counts.
    private(set) var words: [(name: String, count: Int)]
    private(set) var subwords: [(name: String, count: Int)]
    let splitter: SubwordSplitter?

    /// Keeps what stands in `minCount` texts or more; of these the `maxFeatures` of the largest document counts, words before
    /// sub-words and then by name where counts are equal.
    init(fitting texts: TokenisedText, minCount: Int, maxFeatures: Int?, rule: SubwordRule) {
        splitter = SubwordSplitter(learning: rule, from: texts)
        words = zip(texts.words, texts.documentCounts()).filter { $1 >= minCount }.map { (name: $0, count: $1) }
        subwords = splitter.map { Self.counts(of: $0, in: texts).filter { $0.count >= minCount } } ?? []
        words.sort { Self.precedes($0.name, $1.name) }
        subwords.sort { Self.precedes($0.name, $1.name) }
        if let maxFeatures, words.count + subwords.count > maxFeatures { cut(to: maxFeatures) }
    }

    /// Both lists are sorted by name, and so equal counts stay in that order.
    private mutating func cut(to most: Int) {
        let all =
            words.indices.map { (count: words[$0].count, position: $0) }
            + subwords.indices.map { (count: subwords[$0].count, position: words.count + $0) }
        let order = all.sorted { $0.count != $1.count ? $0.count > $1.count : $0.position < $1.position }
        var kept = [Bool](repeating: false, count: all.count)
        for entry in order.prefix(most) { kept[entry.position] = true }
        subwords = subwords.indices.filter { kept[words.count + $0] }.map { subwords[$0] }
        words = words.indices.filter { kept[$0] }.map { words[$0] }
    }

    private static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

    /// The sub-words of all words of the texts, each with the number of texts in which it stands.
    private static func counts(of splitter: SubwordSplitter, in texts: TokenisedText) -> [(name: String, count: Int)] {
        var table = TokenTable()
        var parts = [Int32]()
        var starts = [0]
        for var word in texts.words {
            word.withUTF8 { splitter.forEachPart(of: $0) { parts.append(table.number(of: $0)) } }
            starts.append(parts.count)
        }
        var counts = [Int](repeating: 0, count: table.count)
        var lastSeen = [Int32](repeating: -1, count: table.count)
        for text in 0..<texts.count {
            for word in texts[text] {
                for part in parts[starts[Int(word)]..<starts[Int(word) + 1]] where lastSeen[Int(part)] != text {
                    lastSeen[Int(part)] = Int32(text)
                    counts[Int(part)] += 1
                }
            }
        }
        return counts.indices.map { (name: table[$0], count: counts[$0]) }
    }
}
