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
        forEachTokenBytes(in: text) { body(String(decoding: $0, as: UTF8.self)) }
    }

    /// Calls `body` with the UTF-8 of each token of `text`, in order; the bytes are good until `body` returns.
    ///
    /// No string is made of an ASCII token. The text is cut at what is ASCII and neither letter nor digit; a run with
    /// characters beyond ASCII is then looked at by itself, since neither lower case nor NFC reaches over such a cut: the only
    /// ASCII characters but letters that a mark can join with are `<`, `=` and `>`, and the results (≮, ≠, ≯) are no letters.
    func forEachTokenBytes(in text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count + 1) { scan(bytes, lowered: $0, body) }
        }
    }

    /// The whole text is brought to lower case in one buffer, and the tokens are views of it.
    private func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, lowered: UnsafeMutableBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var start = 0
        var seen: UInt8 = 0
        func finish(_ end: Int) {
            if end == start { return }
            if seen < 0x80 {
                body(UnsafeBufferPointer(rebasing: lowered[start..<end]))
            } else {
                scanUnicode(String(decoding: bytes[start..<end], as: UTF8.self), body)
            }
        }
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): lowered[index] = byte
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): lowered[index] = lowerCase ? byte | 0x20 : byte
            case 0x80...: seen = byte
            default:
                finish(index)
                start = index + 1
                seen = 0
            }
        }
        finish(bytes.count)
    }

    private func scanUnicode(_ run: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var normal = lowerCase ? run.lowercased() : run
        if !normal.unicodeScalars.allSatisfy(Self.isComposed) { normal = normal.precomposedStringWithCanonicalMapping }
        var token = [UInt8]()
        for scalar in normal.unicodeScalars {
            if Self.belongs(scalar, afterLetter: !token.isEmpty) {
                token.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else if !token.isEmpty {
                token.withUnsafeBufferPointer(body)
                token.removeAll(keepingCapacity: true)
            }
        }
        if !token.isEmpty { token.withUnsafeBufferPointer(body) }
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
