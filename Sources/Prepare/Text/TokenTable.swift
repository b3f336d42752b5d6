import Support

/// Numbers for byte strings (tokens, pieces of tokens), in the order of first sight; looking one up allocates nothing.
///
/// Open addressing with linear probing, at most half full; the bytes of all strings stand in one array.
struct TokenTable: Sendable, Equatable {
    private var bytes: [UInt8] = []
    /// Where string i ends in `bytes`; it begins where the one before ends.
    private var ends: [Int] = []
    /// −1: free. A power of two of them.
    private var slots: [Int32]

    init(capacity: Int = 0) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
    }

    init(_ strings: some Collection<String>) {
        self.init(capacity: strings.count)
        for string in strings { _ = number(of: string.utf8.span) }
    }

    var count: Int { ends.count }

    subscript(number: Int) -> String { String(decoding: bytes[start(number)..<ends[number]], as: UTF8.self) }

    /// The number of `string`, or −1 where it has none.
    func find(_ string: Span<UInt8>) -> Int32 { slots[slot(of: string)] }

    /// The number of `string`, which gets the next one where it has none.
    mutating func number(of string: Span<UInt8>) -> Int32 {
        let slot = slot(of: string)
        if slots[slot] >= 0 { return slots[slot] }
        let number = Int32(ends.count)
        slots[slot] = number
        for index in string.indices { bytes.append(string[index]) }
        ends.append(bytes.count)
        if 2 * ends.count > slots.count { grow() }
        return number
    }

    private func start(_ number: Int) -> Int { number == 0 ? 0 : ends[number - 1] }

    /// The slot that holds `string`, or the free one where it would stand.
    private func slot(of string: Span<UInt8>) -> Int {
        var at = Self.hash(string) & (slots.count - 1)
        while slots[at] >= 0, !holds(Int(slots[at]), string) { at = (at + 1) & (slots.count - 1) }
        return at
    }

    private func holds(_ number: Int, _ string: Span<UInt8>) -> Bool {
        let first = start(number)
        guard ends[number] - first == string.count else { return false }
        for index in string.indices where bytes[first + index] != string[index] { return false }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: 2 * slots.count)
        for number in 0..<ends.count {
            var at = Self.hash(bytes.span.extracting(start(number)..<ends[number])) & (slots.count - 1)
            while slots[at] >= 0 { at = (at + 1) & (slots.count - 1) }
            slots[at] = Int32(number)
        }
    }

    /// Eight bytes at a time, each folded by a 64×64→128-bit product (the mixing step of wyhash).
    private static func hash(_ string: Span<UInt8>) -> Int {
        let raw = string.bytes
        var state = 0x9E37_79B9_7F4A_7C15 ^ UInt64(string.count)
        var at = 0
        while at + 8 <= string.count {
            state = folded(state ^ raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        var rest: UInt64 = 0
        while at < string.count {
            rest = rest << 8 | UInt64(string[at])
            at += 1
        }
        return Int(truncatingIfNeeded: folded(state ^ rest))
    }

    private static func folded(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xBF58_476D_1CE4_E5B9)
        return product.high ^ product.low
    }
}

/// Many texts as numbers: each distinct token has one, given in the order of first sight.
struct TokenisedText {
    private(set) var words: [String] = []
    /// Token numbers of all texts, one after the other.
    private(set) var ids: [Int32] = []
    /// Where each text begins in `ids`, and a last entry: where the last one ends.
    private(set) var starts: [Int] = [0]

    /// - Parameter count: of the texts, where it is known: for the progress.
    init(_ texts: some Sequence<String>, tokenizer: Tokenizer, count: Int? = nil) {
        var table = TokenTable()
        ProgressScope.stage("cutting texts into words", of: count, "texts") { progress in
            for text in texts {
                tokenizer.forEachTokenBytes(in: text) { ids.append(table.number(of: $0)) }
                starts.append(ids.count)
                progress.advance()
            }
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
