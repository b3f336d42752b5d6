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
