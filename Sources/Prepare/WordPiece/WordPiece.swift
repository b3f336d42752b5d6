import Support

/// BERT's tokenizer (Schuster & Nakajima, ICASSP 2012; Devlin et al., NAACL 2019): text becomes the numbers of word pieces, with
/// [CLS] before and [SEP] behind them. Exactly the numbers of Hugging Face's `tokenizers`.
///
/// A word is the longest piece of the vocabulary that it begins with, then the longest that goes on, and so forth; a word that
/// can't be cut to its end is the one unknown piece.
public struct WordPiece: Sendable, Equatable {
    /// A piece that is cut out of the text before anything else: `[SEP]` in a text is the piece [SEP].
    struct Special: Sendable, Equatable {
        var content: String
        var id: Int32
    }

    /// What stands beside the vocabulary.
    struct Rule: Sendable, Equatable {
        var text = BertText.Rule()
        var unknown = "[UNK]"
        /// The mark of a piece that goes on within a word.
        var prefix = "##"
        /// Unicode scalars; a longer word is unknown.
        var longestWord = 100
        var specials: [Special] = []
        /// Numbers of what stands before and behind each text.
        var before: [Int32] = []
        var after: [Int32] = []
    }

    let rule: Rule
    /// Pieces in the order of the file, and the number of each.
    let pieces: TokenTable
    let ids: [Int32]
    /// [CLS] and [SEP] included, which are always there; pieces beyond are left out.
    public var maxTokens: Int
    private let text: BertText
    private let unknown: Int32
    /// The pieces that go on within a word, without their mark.
    private let continuing: TokenTable
    private let continuingIds: [Int32]
    /// Of the longest piece, without a mark.
    private let longestPiece: Int
    private let specials: [[UInt8]]
    private let specialStarts: [Bool]

    /// One more than the largest number of a piece.
    public var columns: Int { Int(max(ids.max() ?? -1, rule.specials.map(\.id).max() ?? -1)) + 1 }
    /// How many pieces stand before and behind each text.
    public var frame: Int { rule.before.count + rule.after.count }

    /// - Parameter pieces: each with its number; of equal ones, the last counts.
    /// - Returns: nil where the unknown piece is not among them.
    init?(_ pieces: some Sequence<(name: String, id: Int32)>, rule: Rule, maxTokens: Int) {
        self.rule = rule
        self.maxTokens = maxTokens
        text = BertText(rule.text)
        var all = PieceTable(), inner = PieceTable()
        for piece in pieces {
            all.add(piece.name, piece.id)
            if piece.name.utf8.starts(with: rule.prefix.utf8) {
                inner.add(String(decoding: piece.name.utf8.dropFirst(rule.prefix.utf8.count), as: UTF8.self), piece.id)
            }
        }
        guard let unknown = all.find(rule.unknown) else { return nil }
        self.unknown = unknown
        (self.pieces, ids, continuing, continuingIds) = (all.table, all.ids, inner.table, inner.ids)
        longestPiece = max(all.longest, inner.longest)
        specials = rule.specials.map { Array($0.content.utf8) }
        specialStarts = (0..<256).map { [specials] byte in specials.contains { $0.first.map(Int.init) == byte } }
    }

    /// The numbers of a text's pieces, the frame included; whether some were left out.
    public func encode(_ text: String) -> (ids: [Int32], isCut: Bool) {
        var ids = rule.before
        let room = max(maxTokens, frame) - rule.after.count
        ids.reserveCapacity(min(room, text.utf8.count / 3 + frame + 8))
        let bytes = text.utf8.span, most = room + 1
        var from = 0, at = 0
        while at < bytes.count, ids.count < most {
            guard specialStarts[Int(bytes[at])], let special = special(bytes, at) else {
                at += 1
                continue
            }
            add(bytes.extracting(from..<at), to: &ids, most)
            ids.append(rule.specials[special].id)
            at += specials[special].count
            from = at
        }
        if ids.count < most { add(bytes.extracting(from..<bytes.count), to: &ids, most) }
        let isCut = ids.count > room
        if isCut { ids.removeLast(ids.count - room) }
        return (ids + rule.after, isCut)
    }

    /// The longest special piece that stands at `at`.
    private func special(_ bytes: Span<UInt8>, _ at: Int) -> Int? {
        var best: Int?
        for (number, special) in specials.enumerated() where at + special.count <= bytes.count {
            let stands = special.indices.allSatisfy { bytes[at + $0] == special[$0] }
            if stands, special.count >= best.map({ specials[$0].count }) ?? 0 { best = number }
        }
        return best
    }

    /// - Parameter most: no word is looked at once there are so many.
    private func add(_ bytes: Span<UInt8>, to ids: inout [Int32], _ most: Int) {
        _ = text.forEachWord(in: bytes) { word in
            addPieces(of: word, to: &ids)
            return ids.count < most
        }
    }

    private func addPieces(of word: Span<UInt8>, to ids: inout [Int32]) {
        let first = ids.count
        var start = 0
        if word.count > rule.longestWord, word.indices.count(where: { word[$0] & 0xC0 != 0x80 }) > rule.longestWord {
            ids.append(unknown)
            return
        }
        while start < word.count {
            var end = min(word.count, start + longestPiece)
            while end < word.count, end > start, word[end] & 0xC0 == 0x80 { end -= 1 }
            guard let piece = longest(word, start, &end) else {
                ids.removeLast(ids.count - first)
                ids.append(unknown)
                return
            }
            ids.append(piece)
            start = end
        }
    }

    /// The number of the longest piece from `start` to at most `end`, which moves to where it ends.
    private func longest(_ word: Span<UInt8>, _ start: Int, _ end: inout Int) -> Int32? {
        while end > start {
            let part = word.extracting(start..<end)
            let number = start == 0 ? pieces.find(part) : continuing.find(part)
            if number >= 0 { return start == 0 ? ids[Int(number)] : continuingIds[Int(number)] }
            end -= 1
            while end > start, word[end] & 0xC0 == 0x80 { end -= 1 }
        }
        return nil
    }
}

/// Pieces as they are read.
private struct PieceTable {
    var table = TokenTable()
    var ids: [Int32] = []
    /// Bytes.
    var longest = 0

    mutating func add(_ name: String, _ id: Int32) {
        longest = max(longest, name.utf8.count)
        let number = Int(table.number(of: name.utf8.span))
        if number == ids.count { ids.append(id) } else { ids[number] = id }
    }

    func find(_ name: String) -> Int32? {
        let number = table.find(name.utf8.span)
        return number < 0 ? nil : ids[Int(number)]
    }
}
