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
        for word in texts.words {
            splitter.forEachPart(of: word.utf8.span) { parts.append(table.number(of: $0)) }
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

/// The labels that a data set keeps; label i is column i.
public struct LabelCatalogue: Sendable, Equatable {
    public let names: [String]
    private let columns: [String: Int32]

    /// Keeps the labels of at least `minCount` training documents that stand on at most `maxShare` of them, sorted by name.
    public init(fitting training: [Document], minCount: Int, maxShare: Double) {
        self.init(names: Self.kept(training, minCount, maxShare).sorted())
    }

    /// The same labels in the order of `list`, which holds all labels of the training documents.
    ///
    /// - Parameter keepsAll: keeps all of `list`, so that column i is its label i.
    init(ordered list: [String], fitting training: [Document], minCount: Int, maxShare: Double, keepsAll: Bool) {
        guard !keepsAll else {
            self.init(names: list)
            return
        }
        let kept = Self.kept(training, minCount, maxShare)
        self.init(names: list.filter(kept.contains))
    }

    private init(names: [String]) {
        self.names = names
        columns = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    }

    private static func kept(_ training: [Document], _ minCount: Int, _ maxShare: Double) -> Set<String> {
        var counts = [String: Int]()
        for document in training { for label in document.labels { counts[label, default: 0] += 1 } }
        let most = maxShare * Double(training.count)
        return Set(counts.filter { $0.value >= minCount && Double($0.value) <= most }.keys)
    }

    /// Ascending columns of a document's labels; those that are not kept are left out.
    public func columns(of document: Document) -> [Int32] {
        document.labels.compactMap { columns[$0] }.sorted()
    }
}

/// Sorts the columns of one text. With sub-words a text has hundreds, and a comparison sort is then most of the work.
enum AscendingColumns {
    private static let digitBits = 9
    private static let digits = 1 << digitBits

    /// - Parameter limit: larger than all of `columns`.
    static func sorted(_ columns: [Int32], below limit: Int) -> [Int32] {
        columns.count < 100 ? columns.sorted() : radix(columns, limit)
    }

    /// Least significant digit first, nine bits at a time: a table of counts stays in the first-level cache.
    private static func radix(_ columns: [Int32], _ limit: Int) -> [Int32] {
        var from = columns
        var into = columns
        var next = [Int32](repeating: 0, count: digits)
        var shift = 0
        while limit >> shift > 0 {
            for digit in 0..<digits { next[digit] = 0 }
            for column in from { next[Int(column) >> shift & (digits - 1)] += 1 }
            var sum: Int32 = 0
            for digit in 0..<digits { (next[digit], sum) = (sum, sum + next[digit]) }
            for column in from {
                let digit = Int(column) >> shift & (digits - 1)
                into[Int(next[digit])] = column
                next[digit] += 1
            }
            swap(&from, &into)
            shift += digitBits
        }
        return from
    }
}
