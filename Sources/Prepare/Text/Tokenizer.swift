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
    /// No string is made of a token, and in ASCII text no memory but one buffer of the text's length is asked for.
    func forEachTokenBytes(in text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var text = text
        let isASCII = text.withUTF8 { bytes in
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return false }
            scanASCII(bytes, body)
            return true
        }
        if !isASCII { scanUnicode(text, body) }
    }

    /// The whole text is brought to lower case in one buffer, and the tokens are views of it.
    private func scanASCII(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count + 1) { buffer in
            var start = 0
            for (index, byte) in bytes.enumerated() {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): buffer[index] = byte
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): buffer[index] = lowerCase ? byte | 0x20 : byte
                default:
                    if index > start { body(UnsafeBufferPointer(rebasing: buffer[start..<index])) }
                    start = index + 1
                }
            }
            if bytes.count > start { body(UnsafeBufferPointer(rebasing: buffer[start..<bytes.count])) }
        }
    }

    private func scanUnicode(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        let normal = (lowerCase ? text.lowercased() : text).precomposedStringWithCanonicalMapping
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
