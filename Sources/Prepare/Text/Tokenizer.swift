import Formats
import Foundation

/// Cuts text into tokens: runs of Unicode letters and digits, in lower case.
///
/// A token is a run of scalars of the general categories L*, N* and, after the first, M* (a vowel sign or accent belongs to
/// its letter). Text is brought to NFC first, so that both spellings of é are one token. `_`, `'` and `-` separate.
public struct Tokenizer: Sendable, Equatable {
    /// The name of the rule above in tokenizer.json; another rule would get another name.
    public static let rule = "letters-digits-nfc"
    public let lowerCase: Bool

    public init(lowerCase: Bool = true) { self.lowerCase = lowerCase }

    /// The tokens of `text`, in order.
    public func tokens(of text: String) -> [String] {
        var tokens = [String]()
        forEachToken(in: text) { tokens.append($0) }
        return tokens
    }

    /// Calls `body` with each token of `text`, in order.
    public func forEachToken(in text: String, _ body: (String) -> Void) {
        forEachTokenBytes(in: text) { $0.withUnsafeBufferPointer { body(String(decoding: $0, as: UTF8.self)) } }
    }

    /// Calls `body` with the UTF-8 of each token of `text`, in order; the bytes are good until `body` returns.
    ///
    /// No string is made of an ASCII token. The text is cut at what is ASCII and neither letter nor digit; a run with
    /// characters beyond ASCII is then looked at by itself, since neither lower case nor NFC reaches over such a cut: the only
    /// ASCII characters but letters that a mark can join with are `<`, `=` and `>`, and the results (≮, ≠, ≯) are no letters.
    func forEachTokenBytes(in text: String, _ body: (Span<UInt8>) -> Void) {
        var bytes = Array(text.utf8)
        var start = 0
        var seen: UInt8 = 0
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): if lowerCase { bytes[index] |= 0x20 }
            case 0x80...: seen = 0x80
            default:
                finish(bytes.span.extracting(start..<index), isASCII: seen == 0, text, start, body)
                start = index + 1
                seen = 0
            }
        }
        finish(bytes.span.extracting(start..<bytes.count), isASCII: seen == 0, text, start, body)
    }

    /// A run without separators: a token, or text to be looked at by itself, as it stands from byte `start` of the text on.
    private func finish(_ run: Span<UInt8>, isASCII: Bool, _ text: String, _ start: Int, _ body: (Span<UInt8>) -> Void) {
        if run.isEmpty { return }
        if isASCII { return body(run) }
        let first = text.utf8.index(text.startIndex, offsetBy: start)
        scanUnicode(String(text[first..<text.utf8.index(first, offsetBy: run.count)]), body)
    }

    private func scanUnicode(_ run: String, _ body: (Span<UInt8>) -> Void) {
        var normal = lowerCase ? run.lowercased() : run
        if !normal.unicodeScalars.allSatisfy(Self.isComposed) { normal = normal.precomposedStringWithCanonicalMapping }
        var token = [UInt8]()
        for scalar in normal.unicodeScalars {
            if Self.belongs(scalar, afterLetter: !token.isEmpty) {
                token.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else if !token.isEmpty {
                body(token.span)
                token.removeAll(keepingCapacity: true)
            }
        }
        if !token.isEmpty { body(token.span) }
    }

    /// Whether a text of such scalars is in NFC already: ranges all of which have NFC_Quick_Check = Yes and combining class 0
    /// (Unicode Standard Annex 15). Normalisation is most of the time that such texts take.
    private static func isComposed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300, 0x388...0x3FF, 0x400...0x482, 0x48A...0x52F, 0x3041...0x3096, 0x30A1...0x30FA, 0x4E00...0x9FFF,
            0xAC00...0xD7A3:
            true
        default: false
        }
    }

    private static func belongs(_ scalar: Unicode.Scalar, afterLetter: Bool) -> Bool {
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        case .nonspacingMark, .spacingMark, .enclosingMark: afterLetter
        default: false
        }
    }
}
