import Support

/// Reads JSON lines without making values of what isn't asked for: a file of predictions has millions of objects.
struct JSONScanner {
    private let file: MappedFile
    private let bytes: UnsafeRawBufferPointer
    private var at = 0
    private var lineStart = 0
    private(set) var line = 0
    private static let deepest = 64

    init(file: MappedFile) {
        self.file = file
        bytes = file.bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    /// Goes to the next line that isn't blank; false at the end of the file.
    mutating func nextLine() -> Bool {
        while at < bytes.count {
            line += 1
            lineStart = at
            skipSpace()
            if at < bytes.count, bytes[at] != UInt8(ascii: "\n") { return true }
            at += 1
        }
        return false
    }

    /// - Throws: where more than white space stands before the end of the line.
    mutating func endOfLine() throws {
        skipSpace()
        guard at == bytes.count || bytes[at] == UInt8(ascii: "\n") else { throw refused("the end of the line") }
        at += 1
    }

    /// Calls `member` with each name, the scanner standing before its value, which `member` takes.
    mutating func object(_ member: (String, inout JSONScanner) throws -> Void) throws {
        guard take("{") else { throw refused("an object: {…}") }
        if take("}") { return }
        repeat {
            let name = try text()
            guard take(":") else { throw refused("':' after \"\(name)\"") }
            try member(name, &self)
        } while take(",")
        guard take("}") else { throw refused("',' or '}'") }
    }

    /// Calls `element` before each element, which it takes.
    mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        guard take("[") else { throw refused("a list: […]") }
        if take("]") { return }
        repeat { try element(&self) } while take(",")
        guard take("]") else { throw refused("',' or ']'") }
    }

    mutating func wholeNumber() throws -> Int {
        skipSpace()
        let token = token()
        guard (1...18).contains(token.count), token.allSatisfy({ (48...57).contains($0) }) else {
            throw refused("a whole number from 0")
        }
        at += token.count
        return token.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    mutating func number() throws -> Float {
        skipSpace()
        let token = token()
        guard let value = decimalNumber(UnsafeRawBufferPointer(rebasing: token)) else { throw refused("a finite number") }
        at += token.count
        return value
    }

    /// A text in double quotes; its escapes are left as they are, since no name that is asked for has any.
    private mutating func text() throws -> String {
        guard take("\"") else { throw refused("a \"name\" in double quotes") }
        let start = at
        try skipText()
        return String(decoding: bytes[start..<at - 1], as: UTF8.self)
    }

    /// Goes behind the closing quote.
    private mutating func skipText() throws {
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            guard bytes[at] != UInt8(ascii: "\n") else { break }
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
            at = min(start, bytes.count)
            throw refused("a text that ends in '\"' on the same line")
        }
        at += 1
    }

    mutating func skipValue() throws { try skipValue(depth: 0) }

    private mutating func skipValue(depth: Int) throws {
        guard depth < Self.deepest else { throw refused("at most \(Self.deepest) levels") }
        skipSpace()
        switch at < bytes.count ? bytes[at] : 0 {
        case UInt8(ascii: "{"): try object { _, scanner in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try array { try $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""):
            at += 1
            try skipText()
        default:
            let token = token()
            let isWord = ["true", "false", "null"].contains { token.elementsEqual($0.utf8) }
            guard isWord || decimalNumber(UnsafeRawBufferPointer(rebasing: token)) != nil else { throw refused("a value") }
            at += token.count
        }
    }

    /// The bytes up to the next mark or white space.
    private func token() -> Slice<UnsafeRawBufferPointer> {
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
        guard at < bytes.count, bytes[at] == UInt8(ascii: mark) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0D { at += 1 }
    }

    /// What stands where something else was expected.
    func refused(_ expected: String) -> Failure {
        let rest = bytes[min(at, bytes.count)...].prefix(80).prefix { $0 != UInt8(ascii: "\n") }
        return Failure(
            .usage, "not a line of predictions", at: "\(file.path):\(line):\(at - lineStart + 1)",
            found: rest.isEmpty ? "the end of the line" : quoted(rest, limit: 40), expected: expected,
            advice: "correct the line, or write the file again")
    }
}
