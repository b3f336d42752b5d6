import Support

/// Reads JSON (RFC 8259) piece by piece, without making values of what isn't asked for: a file of predictions has millions of
/// objects. As strict as Python's `json`: no comments, no trailing commas.
///
/// The text is one document, or a document a line; then a line feed is no white space, and `nextLine` goes from one to the next.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private let place: String
    private let isLines: Bool
    private var at = 0
    private var lineStart = 0
    /// The line that is being read, from 1.
    private(set) var line: Int
    /// Where the latest name of an object's member begins.
    private var name = (at: 0, line: 1, lineStart: 0)
    /// The latest name whose column was asked for.
    private var counted = (lineStart: 0, at: 0, column: 1)
    static let deepest = 64

    /// A text that is one document.
    ///
    /// - Parameter place: the file or flag that errors name.
    init(document bytes: UnsafeRawBufferPointer, place: String) {
        self.init(bytes, place, isLines: false)
    }

    /// A file with a document a line.
    init(linesOf file: MappedFile) {
        self.init(file.bytes, file.path, isLines: true)
    }

    private init(_ bytes: UnsafeRawBufferPointer, _ place: String, isLines: Bool) {
        (self.bytes, self.place, self.isLines, line) = (bytes, place, isLines, isLines ? 0 : 1)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    /// Goes to the next line that isn't blank; false at the end of the file.
    mutating func nextLine() -> Bool {
        while at < bytes.count {
            line += 1
            lineStart = at
            if let byte = peek(), byte != UInt8(ascii: "\n") { return true }
            at += 1
        }
        return false
    }

    /// - Throws: where more than white space stands before the end of the line.
    mutating func endOfLine() throws {
        guard peek() ?? UInt8(ascii: "\n") == UInt8(ascii: "\n") else { throw refused("the end of the line") }
        at += 1
    }

    /// - Throws: where more than white space stands before the end of the text.
    mutating func end() throws {
        if peek() != nil { throw refused("the end of the file after the value") }
    }
}

// Values.
extension JSONScanner {
    /// The first byte of the next value, or mark; nil at the end.
    mutating func peek() -> UInt8? {
        skipSpace()
        return at < bytes.count ? bytes[at] : nil
    }

    /// Calls `member` with each name, the scanner standing before its value, which `member` takes.
    mutating func object(_ member: (String, inout JSONScanner) throws -> Void) throws {
        guard take("{") else { throw refused("an object: {…}") }
        if take("}") { return }
        repeat {
            skipSpace()
            self.name = (at, line, lineStart)
            let name = try string()
            guard take(":") else { throw refused("':' after \"\(name)\"") }
            try member(name, &self)
        } while take(",")
        guard take("}") else { throw refused("',' or '}' after a member's value") }
    }

    /// Calls `element` before each element, which it takes.
    mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        guard take("[") else { throw refused("a list: […]") }
        if take("]") { return }
        repeat { try element(&self) } while take(",")
        guard take("]") else { throw refused("',' or ']' after a value") }
    }

    /// A whole number of at most 18 digits, without a sign.
    mutating func wholeNumber() throws -> Int {
        let token = token()
        guard (1...18).contains(token.count), token.allSatisfy({ (48...57).contains($0) }) else {
            throw refused("a whole number from 0")
        }
        at += token.count
        return token.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// The float nearest to a decimal number.
    mutating func float() throws -> Float {
        let token = token()
        guard let value = decimalNumber(UnsafeRawBufferPointer(rebasing: token)) else { throw refused("a finite number") }
        at += token.count
        return value
    }

    /// A number as RFC 8259 writes them, as text.
    mutating func number() throws -> String {
        skipSpace()
        let start = at
        _ = takeByte("-")
        let leadingZero = at < bytes.count && bytes[at] == UInt8(ascii: "0")
        let wholeDigits = skipDigits()
        var isNumber = wholeDigits == 1 || (wholeDigits > 1 && !leadingZero)
        if takeByte(".") { isNumber = skipDigits() > 0 && isNumber }
        if takeByte("e") || takeByte("E") {
            if !takeByte("+") { _ = takeByte("-") }
            isNumber = skipDigits() > 0 && isNumber
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        guard isNumber, Double(text)?.isFinite == true else {
            at = start
            throw refused("a finite decimal number such as 20, 0.5 or 1e-3")
        }
        return text
    }

    mutating func string() throws -> String {
        guard take("\"") else { throw refused("a \"name\" in double quotes") }
        let start = at
        var plain = at
        var units = [UInt16]()
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                let rest = String(decoding: bytes[plain..<at - 1], as: UTF8.self)
                return plain == start ? rest : String(decoding: units + rest.utf16, as: UTF16.self)
            case UInt8(ascii: "\\"):
                units += String(decoding: bytes[plain..<at], as: UTF8.self).utf16
                at += 1
                units.append(try escape())
                plain = at
            case ..<0x20: throw refused("no bare control character in a string (a line break is written \\n)")
            default: at += 1
            }
        }
        at = start - 1
        throw refused("a closing '\"'", "a string that does not end")
    }

    /// Takes `word` (`true`, `false` or `null`) where it stands next.
    mutating func take(word: String) -> Bool {
        skipSpace()
        guard bytes[at...].starts(with: word.utf8) else { return false }
        at += word.utf8.count
        return true
    }

    /// Takes a value of any kind.
    mutating func skipValue(depth: Int = 0) throws {
        guard depth < Self.deepest else { throw tooDeep() }
        switch peek() {
        case UInt8(ascii: "{"): try object { _, scanner in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try array { try $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): try skipString()
        default:
            let token = token()
            let isWord = ["true", "false", "null"].contains { token.elementsEqual($0.utf8) }
            guard isWord || decimalNumber(UnsafeRawBufferPointer(rebasing: token)) != nil else { throw refused("a value") }
            at += token.count
        }
    }
}

// Bytes.
extension JSONScanner {
    /// Goes behind a string without a look at its escapes.
    private mutating func skipString() throws {
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\n") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
            at = start
            throw refused("a closing '\"' on the same line", "a string that does not end")
        }
        at += 1
    }

    private mutating func escape() throws -> UInt16 {
        guard at < bytes.count else { throw refused("a character after '\\'") }
        let marks = Array("\"\\/bfnrt".utf8), meanings: [UInt16] = [0x22, 0x5C, 0x2F, 0x08, 0x0C, 0x0A, 0x0D, 0x09]
        if let index = marks.firstIndex(of: bytes[at]) {
            at += 1
            return meanings[index]
        }
        let digits = bytes[min(at + 1, bytes.count)..<min(at + 5, bytes.count)]
        guard bytes[at] == UInt8(ascii: "u"), digits.count == 4, digits.allSatisfy({ Character(.init($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw refused("an escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX") }
        at += 5
        return unit
    }

    /// The bytes up to the next mark or white space.
    private mutating func token() -> Slice<UnsafeRawBufferPointer> {
        skipSpace()
        var end = at
        while end < bytes.count, !Self.ends(bytes[end]) { end += 1 }
        return bytes[at..<end]
    }

    private static func ends(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"), 0x00...0x20: true
        default: false
        }
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        return takeByte(mark)
    }

    private mutating func takeByte(_ mark: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: mark) else { return false }
        at += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = at
        while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
        return at - start
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0D: at += 1
            case 0x0A where !isLines:
                at += 1
                (line, lineStart) = (line + 1, at)
            default: return
            }
        }
    }
}

// Errors.
extension JSONScanner {
    /// Line and column, both from 1, of the latest name. Counted from the name before, since a vocabulary may be one long line.
    mutating func placeOfName() -> (line: Int, column: Int) {
        if counted.lineStart != name.lineStart { counted = (name.lineStart, name.lineStart, 1) }
        counted.column += String(decoding: bytes[counted.at..<name.at], as: UTF8.self).count
        counted.at = name.at
        return (name.line, counted.column)
    }

    private func column(_ offset: Int, in lineStart: Int) -> Int {
        String(decoding: bytes[lineStart..<offset], as: UTF8.self).count + 1
    }

    func tooDeep() -> Failure { refused("at most \(Self.deepest) levels of nesting") }

    /// The latest name is one that its object has already.
    func repeated(_ name: String) -> Failure {
        var scanner = self
        (scanner.at, scanner.line, scanner.lineStart) = self.name
        return scanner.refused("each name once", "the name \"\(name)\" appears twice in one object")
    }

    /// What stands where something else was expected.
    func refused(_ expected: String, _ problem: String? = nil) -> Failure {
        let at = min(at, bytes.count)
        let rest = bytes[at...].prefix(isLines ? 80 : 24).prefix { $0 != UInt8(ascii: "\n") }
        let shown = isLines ? quoted(rest, limit: 40) : String(decoding: rest, as: UTF8.self)
        return Failure(
            .usage, problem ?? (isLines ? "not a line of predictions" : "not a JSON text"),
            at: "\(place):\(line):\(column(at, in: lineStart))",
            found: at == bytes.count ? "the end of the file" : rest.isEmpty ? "the end of the line" : shown, expected: expected,
            advice: isLines ? "correct the line, or write the file again" : "")
    }
}
