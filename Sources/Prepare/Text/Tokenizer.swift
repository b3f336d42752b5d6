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
        var text = text
        let isASCII = text.withUTF8 { bytes in
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return false }
            scanASCII(bytes, body)
            return true
        }
        if !isASCII { scanUnicode(text, body) }
    }

    private func scanASCII(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (String) -> Void) {
        var token = [UInt8]()
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): token.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): token.append(lowerCase ? byte | 0x20 : byte)
            default:
                if !token.isEmpty { body(String(decoding: token, as: UTF8.self)) }
                token.removeAll(keepingCapacity: true)
            }
        }
        if !token.isEmpty { body(String(decoding: token, as: UTF8.self)) }
    }

    private func scanUnicode(_ text: String, _ body: (String) -> Void) {
        let normal = (lowerCase ? text.lowercased() : text).precomposedStringWithCanonicalMapping
        var token = String.UnicodeScalarView()
        for scalar in normal.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber, .otherNumber:
                token.append(scalar)
            case .nonspacingMark, .spacingMark, .enclosingMark:
                if !token.isEmpty { token.append(scalar) }
            default:
                if !token.isEmpty { body(String(token)) }
                token.removeAll()
            }
        }
        if !token.isEmpty { body(String(token)) }
    }
}
