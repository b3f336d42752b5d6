extension BytePairEncoding {
    /// Learns merges: again and again the pair of neighbours that stands most often in the words, each as often as its count;
    /// of equal ones the first by name. It ends early where no pair stands twice.
    ///
    /// - Parameters:
    ///   - words: distinct.
    ///   - counts: how often each stands in the training texts.
    init(learning merges: Int, words: [String], counts: [Int]) {
        var learning = MergeLearning(words: words, counts: counts)
        var learnt = [Merge]()
        while learnt.count < merges, let merge = learning.next() { learnt.append(merge) }
        self.init(merges: learnt)
    }
}

/// The words as pieces, and the counts of all pairs of neighbours, kept up to date from merge to merge.
private struct MergeLearning {
    private typealias Pair = BytePairEncoding.Pair

    private var symbols = TokenTable()
    private var names: [String] = []
    private var pieces: [[Int32]] = []
    private let counts: [Int]
    private var pairCounts: [Pair: Int] = [:]
    /// Words in which a pair stands, or once stood.
    private var places: [Pair: Set<Int32>] = [:]
    private var queue = PairQueue()

    init(words: [String], counts: [Int]) {
        self.counts = counts
        for (index, word) in words.enumerated() {
            let scalars = Array(word.unicodeScalars)
            let isLong = scalars.count > SubwordSplitter.longestWord
            pieces.append(
                isLong ? [] : scalars.indices.map { symbol(String(scalars[$0]) + ($0 == scalars.count - 1 ? ">" : "")) })
            count(word: index, sign: 1)
        }
        for (pair, count) in pairCounts { queue.push(entry(pair, count)) }
    }

    mutating func next() -> BytePairEncoding.Merge? {
        while let best = queue.pop() {
            let pair = Pair(left: best.pair.left, right: best.pair.right)
            // An entry whose count has changed is out of date: the new count has its own.
            guard pairCounts[pair] == best.count else { continue }
            if best.count < 2 { return nil }
            merge(pair)
            return BytePairEncoding.Merge(left: best.left, right: best.right)
        }
        return nil
    }

    private mutating func merge(_ pair: Pair) {
        let joined = symbol(names[Int(pair.left)] + names[Int(pair.right)])
        touched.removeAll(keepingCapacity: true)
        for word in places[pair] ?? [] {
            count(word: Int(word), sign: -1)
            pieces[Int(word)] = Self.joining(pair, as: joined, in: pieces[Int(word)])
            count(word: Int(word), sign: 1)
        }
        places[pair] = nil
        for changed in touched {
            if let count = pairCounts[changed], count > 0 {
                queue.push(entry(changed, count))
            } else {
                pairCounts[changed] = nil
                places[changed] = nil
            }
        }
    }

    private var touched: Set<Pair> = []

    private mutating func count(word: Int, sign: Int) {
        let symbols = pieces[word]
        for index in symbols.indices.dropFirst() {
            let pair = Pair(left: symbols[index - 1], right: symbols[index])
            pairCounts[pair, default: 0] += sign * counts[word]
            if sign > 0 { places[pair, default: []].insert(Int32(word)) }
            touched.insert(pair)
        }
    }

    private static func joining(_ pair: Pair, as joined: Int32, in symbols: [Int32]) -> [Int32] {
        var result = [Int32]()
        var index = 0
        while index < symbols.count {
            let isPair = index + 1 < symbols.count && symbols[index] == pair.left && symbols[index + 1] == pair.right
            result.append(isPair ? joined : symbols[index])
            index += isPair ? 2 : 1
        }
        return result
    }

    private mutating func symbol(_ name: String) -> Int32 {
        let number = symbols.number(of: name.utf8.span)
        if number == names.count { names.append(name) }
        return number
    }

    private func entry(_ pair: Pair, _ count: Int) -> PairQueue.Entry {
        PairQueue.Entry(count: count, left: names[Int(pair.left)], right: names[Int(pair.right)], pair: pair)
    }
}

/// A binary heap: the pair of the largest count first, of equal ones the first by name (bytes of the left, then the right).
private struct PairQueue {
    struct Entry {
        let count: Int
        let left, right: String
        let pair: BytePairEncoding.Pair

        func precedes(_ other: Entry) -> Bool {
            if count != other.count { return count > other.count }
            if left != other.left { return left.utf8.lexicographicallyPrecedes(other.left.utf8) }
            return right.utf8.lexicographicallyPrecedes(other.right.utf8)
        }
    }

    private var heap: [Entry] = []

    mutating func push(_ entry: Entry) {
        heap.append(entry)
        var at = heap.count - 1
        while at > 0, heap[at].precedes(heap[(at - 1) / 2]) {
            heap.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    mutating func pop() -> Entry? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return first }
        heap[0] = last
        var at = 0
        while true {
            var next = at
            for child in [2 * at + 1, 2 * at + 2] where child < heap.count && heap[child].precedes(heap[next]) { next = child }
            if next == at { return first }
            heap.swapAt(at, next)
            at = next
        }
    }
}
