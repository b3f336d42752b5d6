/// Byte-pair encoding (Sennrich, Haddow & Birch, ACL 2016): a word is cut into characters, and learnt merges join neighbours,
/// the earliest learnt first.
///
/// Characters are Unicode scalars; a word's last one carries the mark `>`, so that an ending is another piece than the same
/// letters within a word.
struct BytePairEncoding: Sendable, Equatable {
    struct Merge: Sendable, Equatable {
        let left, right: String
    }

    /// In the order in which they were learnt.
    let merges: [Merge]
    /// All pieces that merges name. A character that no merge names stays alone, and is a piece by its own bytes.
    private let symbols: TokenTable
    private let rules: MergeRules

    struct Pair: Hashable, Sendable { let left, right: Int32 }

    init(merges: [Merge]) {
        self.merges = merges
        var symbols = TokenTable(capacity: 2 * merges.count)
        var rules = MergeRules(capacity: merges.count)
        func number(_ text: String) -> Int32 { symbols.number(of: text.utf8.span) }
        for (rank, merge) in merges.enumerated() {
            let pair = Pair(left: number(merge.left), right: number(merge.right))
            rules.add(pair, MergeRules.Rule(rank: Int32(rank), result: number(merge.left + merge.right)))
        }
        self.symbols = symbols
        self.rules = rules
    }

    /// A piece of the word: its place in the marked word's bytes, its number where a merge names it, and what joins it with
    /// the piece after it.
    private struct Piece {
        var start, end: Int
        var symbol: Int32
        var joint = MergeRules.Rule.none
    }

    func forEachPart(of word: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        let marked = word.copied(before: [], after: [UInt8(ascii: ">")])
        var pieces = characters(of: marked.span)
        guard pieces.count <= SubwordSplitter.longestWord else { return }
        while merge(&pieces) {}
        if pieces.count == 1 { return }
        for piece in pieces { body(marked.span.extracting(piece.start..<piece.end)) }
    }

    private func characters(of marked: Span<UInt8>) -> [Piece] {
        var pieces = [Piece]()
        for index in 0..<(marked.count - 1) where marked[index] & 0xC0 != 0x80 {
            if !pieces.isEmpty { pieces[pieces.count - 1].end = index }
            pieces.append(Piece(start: index, end: marked.count, symbol: -1))
        }
        for index in pieces.indices {
            pieces[index].symbol = symbols.find(marked.extracting(pieces[index].start..<pieces[index].end))
        }
        for index in pieces.indices { pieces[index].joint = joint(after: index, in: pieces) }
        return pieces
    }

    private func joint(after index: Int, in pieces: [Piece]) -> MergeRules.Rule {
        guard index + 1 < pieces.count, pieces[index].symbol >= 0, pieces[index + 1].symbol >= 0 else { return .none }
        return rules[Pair(left: pieces[index].symbol, right: pieces[index + 1].symbol)]
    }

    /// Joins all pairs of the earliest learnt merge that has one, from the left; false where no merge has one.
    private func merge(_ pieces: inout [Piece]) -> Bool {
        let rank = pieces.reduce(Int32.max) { min($0, $1.joint.rank) }
        if rank == .max { return false }
        var kept = 0
        var index = 0
        while index < pieces.count {
            var piece = pieces[index]
            if piece.joint.rank == rank {
                piece = Piece(start: piece.start, end: pieces[index + 1].end, symbol: piece.joint.result)
                index += 1
            }
            pieces[kept] = piece
            kept += 1
            index += 1
        }
        pieces.removeLast(pieces.count - kept)
        for index in pieces.indices { pieces[index].joint = joint(after: index, in: pieces) }
        return true
    }
}

/// What each pair of pieces becomes, and when that was learnt: a hash table with linear probing, at most half full.
///
/// Swift's Dictionary guards against hostile keys at several times the cost, which is most of the cost of cutting a word.
struct MergeRules: Sendable, Equatable {
    struct Rule: Sendable, Equatable {
        let rank, result: Int32
        static let none = Rule(rank: .max, result: -1)
    }

    /// left << 32 | right, or `free`.
    private var keys: [UInt64]
    private var rules: [Rule]
    private static let free = UInt64.max

    /// - Parameter capacity: at most so many pairs are added.
    init(capacity: Int) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        keys = [UInt64](repeating: Self.free, count: size)
        rules = [Rule](repeating: .none, count: size)
    }

    /// `.none` where no merge joins the pair; both numbers are 0 or more.
    subscript(pair: BytePairEncoding.Pair) -> Rule { rules[slot(of: Self.key(pair))] }

    /// The first rule of a pair holds: it may be learnt again when later merges have made its pieces anew.
    mutating func add(_ pair: BytePairEncoding.Pair, _ rule: Rule) {
        let slot = slot(of: Self.key(pair))
        if keys[slot] == Self.free { (keys[slot], rules[slot]) = (Self.key(pair), rule) }
    }

    private static func key(_ pair: BytePairEncoding.Pair) -> UInt64 {
        UInt64(UInt32(bitPattern: pair.left)) << 32 | UInt64(UInt32(bitPattern: pair.right))
    }

    private func slot(of key: UInt64) -> Int {
        var at = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (keys.count - 1)
        while keys[at] != key, keys[at] != Self.free { at = (at + 1) & (keys.count - 1) }
        return at
    }
}
