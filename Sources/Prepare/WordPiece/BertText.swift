import Synchronization

/// Cuts text into words as BERT does: control characters are dropped, Chinese characters and punctuation stand alone, accents and
/// capitals go where the model is uncased (Hugging Face's `BertNormalizer` and `BertPreTokenizer`, in one pass).
package struct BertText: Sendable, Equatable {
    package struct Rule: Sendable, Hashable {
        /// Whether control characters are dropped.
        package var cleans = true
        /// Whether each Chinese character is a word.
        package var splitsChinese = true
        /// nil: where `lowerCase` is.
        package var stripsAccents: Bool?
        package var lowerCase = true

        package init() {}
    }

    package let rule: Rule
    private let strips: Bool
    /// What becomes of each character below `tableSize`: one character and a `Role`, or `Entry.several`.
    private let table: [UInt32]
    /// Most scripts stand below; Chinese begins there.
    private static let tableSize: UInt32 = 0x3400

    /// What a character is to the words around it, in the upper bits of a table's entry.
    private enum Role {
        static let letter: UInt32 = 0, space: UInt32 = 1 << 24, alone: UInt32 = 2 << 24, nothing: UInt32 = 3 << 24
        static let several: UInt32 = 4 << 24, mask: UInt32 = 7 << 24
    }

    package init(_ rule: Rule) {
        self.rule = rule
        strips = rule.stripsAccents ?? rule.lowerCase
        table = Self.tables.withLock { tables in
            if let table = tables[rule] { return table }
            let table = Self.table(rule)
            tables[rule] = table
            return table
        }
    }

    /// Of each rule that some text was read by: to look 13,312 characters up takes a millisecond.
    private static let tables = Mutex<[Rule: [UInt32]]>([:])

    private static func table(_ rule: Rule) -> [UInt32] {
        (0..<tableSize).map { value in
            Unicode.Scalar(value).map { entry(parts($0, rule, rule.stripsAccents ?? rule.lowerCase)) } ?? 0
        }
    }

    /// Calls `body` with the UTF-8 of each word of `bytes`, in order, until it returns false; the bytes are good until it returns.
    ///
    /// - Parameter bytes: valid UTF-8.
    /// - Returns: Whether the text was read to its end.
    package func forEachWord(in bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Bool) -> Bool {
        withoutActuallyEscaping(body) { body in
            var words = Words(body: body)
            let table = table.span
            var at = 0
            while at < bytes.count {
                let scalar = Self.next(bytes, &at)
                var entry = Role.several
                if words.isSettled {
                    entry = scalar < Self.tableSize ? table[Int(scalar)] : entryBeyondTable(scalar, &words)
                }
                guard take(entry, scalar, &words) else { return false }
            }
            return words.settle() && words.finish()
        }
    }

    /// - Parameter scalar: taken apart anew where its entry doesn't say all, or marks before it wait for their order.
    @inline(__always) private func take(_ entry: UInt32, _ scalar: UInt32, _ words: inout Words) -> Bool {
        switch entry & Role.mask {
        case Role.letter: words.append(entry)
        case Role.space: return words.finish()
        case Role.alone:
            guard words.finish() else { return false }
            words.append(entry & 0xFF_FFFF)
            return words.finish()
        case Role.nothing: break
        default: return takeParts(scalar, &words)
        }
        return true
    }

    private func takeParts(_ value: UInt32, _ words: inout Words) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return true }
        for part in Self.parts(scalar, rule, strips) { guard words.take(part) else { return false } }
        return true
    }

    /// What becomes of a character that no mark waits before.
    private static func entry(_ parts: [Part]) -> UInt32 {
        let kept = parts.filter { $0.kind != .dropped }
        guard let part = kept.first else { return Role.nothing }
        guard kept.count == 1, part.order == 0 else { return Role.several }
        switch part.kind {
        case .letter: return part.scalar.value | Role.letter
        case .space: return Role.space
        case .alone: return part.scalar.value | Role.alone
        case .dropped: return Role.nothing
        }
    }

    /// Chinese and Hangul are found by their numbers alone. The letters of a Hangul syllable are put to the word here.
    @inline(__always) private func entryBeyondTable(_ value: UInt32, _ words: inout Words) -> UInt32 {
        switch value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0x20000...0x2A6DF: return value | (rule.splitsChinese ? Role.alone : Role.letter)
        case 0xAC00...0xD7A3 where strips:
            let jamo = Hangul(value)
            words.append(jamo.first)
            words.append(jamo.second)
            if let third = jamo.third { words.append(third) }
            return Role.nothing
        case 0xAC00...0xD7A3: return value | Role.letter
        default: return Role.several
        }
    }

    /// The character that begins at `at`, which moves behind it.
    private static func next(_ bytes: Span<UInt8>, _ at: inout Int) -> UInt32 {
        let first = UInt32(bytes[at])
        if first < 0x80 {
            at += 1
            return first
        }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var value = first & (0x7F >> UInt32(length))
        for index in 1..<length where at + index < bytes.count { value = value << 6 | UInt32(bytes[at + index] & 0x3F) }
        at += length
        return value
    }
}

extension BertText {
    /// One of the characters that a character of the text becomes.
    struct Part {
        enum Kind { case letter, space, alone, dropped }

        var kind: Kind
        var scalar: Unicode.Scalar
        /// Its combining class where accents are stripped: decomposed marks are sorted by it.
        var order: UInt8 = 0
    }

    /// Cleaning, Chinese characters, decomposition, accents, lower case: in the reference's order.
    private static func parts(_ scalar: Unicode.Scalar, _ rule: Rule, _ strips: Bool) -> [Part] {
        if rule.cleans, scalar.value == 0 || scalar.value == 0xFFFD || BertCharacters.isControl(scalar) { return [] }
        var parts: [Part] = []
        let isChinese = rule.splitsChinese && BertCharacters.isChinese(scalar)
        if isChinese { parts.append(Part(kind: .space, scalar: " ")) }
        for one in strips ? BertCharacters.decomposed(scalar) : [scalar] {
            let order = strips ? BertCharacters.combiningClass(one) : 0
            if strips, BertCharacters.isAccent(one) {
                parts.append(Part(kind: .dropped, scalar: one, order: order))
                continue
            }
            let isLower = !rule.lowerCase || !one.properties.changesWhenLowercased
            for letter in isLower ? [one] : Array(one.properties.lowercaseMapping.unicodeScalars) {
                let kind: Part.Kind =
                    letter.properties.isWhitespace ? .space : BertCharacters.isPunctuation(letter) ? .alone : .letter
                parts.append(Part(kind: kind, scalar: letter, order: order))
            }
        }
        if isChinese { parts.append(Part(kind: .space, scalar: " ")) }
        return parts
    }

    /// The word that is being read, and marks whose order is not yet known.
    private struct Words {
        let body: (Span<UInt8>) -> Bool
        private var word: [UInt8] = []
        private var marks: [Part] = []

        init(body: @escaping (Span<UInt8>) -> Bool) {
            self.body = body
            word.reserveCapacity(64)
        }

        /// Whether no mark waits for its place.
        var isSettled: Bool { marks.isEmpty }

        mutating func take(_ part: Part) -> Bool {
            if part.order > 0 {
                if part.kind != .dropped { marks.append(part) }
                return true
            }
            guard settle() else { return false }
            switch part.kind {
            case .dropped: return true
            case .letter: append(part.scalar.value)
            case .space: return finish()
            case .alone:
                guard finish() else { return false }
                append(part.scalar.value)
                return finish()
            }
            return true
        }

        /// Puts the waiting marks to the word, by their combining class and else in the order of the text.
        mutating func settle() -> Bool {
            if marks.isEmpty { return true }
            let sorted = marks.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }.map(
                \.element)
            marks.removeAll()
            for var mark in sorted {
                mark.order = 0
                guard take(mark) else { return false }
            }
            return true
        }

        mutating func append(_ scalar: UInt32) {
            if scalar < 0x80 {
                word.append(UInt8(truncatingIfNeeded: scalar))
                return
            }
            if scalar < 0x800 {
                word.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
            } else {
                if scalar < 0x1_0000 {
                    word.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
                } else {
                    word.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
                    word.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
                }
                word.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
            }
            word.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        }

        /// Hands the word on, where there is one; false where no more is wanted.
        mutating func finish() -> Bool {
            if word.isEmpty { return true }
            defer { word.removeAll(keepingCapacity: true) }
            return body(word.span)
        }
    }
}
