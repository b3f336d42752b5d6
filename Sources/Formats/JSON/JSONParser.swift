import Support

extension JSONValue {
    /// Parses one JSON document (RFC 8259), as strict as Python's `json`: no comments, no trailing commas.
    ///
    /// - Parameter name: file or flag that errors name as their place.
    /// - Throws: `Failure` with `name:line:column` and what was found and expected; also where an object repeats a name.
    public static func parse(_ bytes: [UInt8], name: String) throws -> JSONValue {
        var parser = JSONParser(bytes: bytes, name: name)
        return try parser.document()
    }
}

/// Recursive descent over the bytes of one document.
struct JSONParser {
    private let bytes: [UInt8]
    private let name: String
    private var position = 0
    private static let deepest = 64

    init(bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func document() throws -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure(.usage, "not a JSON text", at: name, found: "bytes that are not UTF-8", expected: "UTF-8")
        }
        let value = try value(depth: 0)
        skipSpace()
        if position < bytes.count { throw failure(expected: "the end of the file after the value") }
        return value
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        skipSpace()
        if depth > Self.deepest { throw failure(expected: "at most \(Self.deepest) levels of nesting") }
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"): return .number(try number())
        case let byte? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte): return .number(try number())
        default: break
        }
        for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)]
        where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw failure(expected: "a value: a number, a \"string\", true, false, null, {…} or […]")
    }

    private mutating func object(depth: Int) throws -> JSONValue {
        var members = [JSONValue.Member]()
        var names = Set<String>()
        position += 1
        skipSpace()
        if take("}") { return .object([]) }
        while true {
            skipSpace()
            let start = position
            guard peek == UInt8(ascii: "\"") else { throw failure(expected: "a \"name\" in double quotes") }
            let name = try string()
            let place = lineAndColumn(of: start)
            if !names.insert(name).inserted {
                throw failure(at: start, "the name \"\(name)\" stands twice in one object", expected: "each name once")
            }
            skipSpace()
            guard take(":") else { throw failure(expected: "':' after \"\(name)\"") }
            members.append(.init(name, try value(depth: depth + 1), line: place.line, column: place.column))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw failure(expected: "',' or '}' after the value of \"\(name)\"") }
        }
    }

    private mutating func array(depth: Int) throws -> JSONValue {
        var values = [JSONValue]()
        position += 1
        skipSpace()
        if take("]") { return .array([]) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(values) }
            guard take(",") else { throw failure(expected: "',' or ']' after a value") }
        }
    }

    private mutating func number() throws -> Double {
        let start = position
        _ = take("-")
        let leadingZero = peek == UInt8(ascii: "0")
        let wholeDigits = skipDigits()
        var valid = wholeDigits == 1 || (wholeDigits > 1 && !leadingZero)
        if take(".") { valid = skipDigits() > 0 && valid }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            valid = skipDigits() > 0 && valid
        }
        guard valid, let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            throw failure(at: start, expected: "a finite decimal number such as 20, 0.5 or 1e-3")
        }
        return value
    }

    private mutating func string() throws -> String {
        let start = position
        var units = [UInt16]()
        var plain = position + 1
        position += 1
        while let byte = peek {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                units += String(decoding: bytes[plain..<position], as: UTF8.self).utf16
                position += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: units, as: UTF16.self) }
                units.append(try escape())
                plain = position
            } else if byte < 0x20 {
                throw failure(expected: "no bare control character in a string (a line break is written \\n)")
            } else {
                position += 1
            }
        }
        throw failure(at: start, "a string that does not end", expected: "a closing '\"'")
    }

    private mutating func escape() throws -> UInt16 {
        let short: [UInt8: UInt16] = [
            UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
            UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
        ]
        guard let byte = peek else { throw failure(expected: "a character after '\\'") }
        if let unit = short[byte] {
            position += 1
            return unit
        }
        let digits = bytes[min(position + 1, bytes.count)..<min(position + 5, bytes.count)]
        guard byte == UInt8(ascii: "u"), digits.count == 4, digits.allSatisfy({ Character(.init($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure(expected: "an escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX") }
        position += 5
        return unit
    }
}

extension JSONParser {
    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position - start
    }

    private func lineAndColumn(of offset: Int) -> (line: Int, column: Int) {
        let before = bytes[..<offset]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: before[lineStart...], as: UTF8.self).count + 1
        return (before.count { $0 == 0x0A } + 1, column)
    }

    private func failure(at offset: Int? = nil, _ problem: String = "not a JSON text", expected: String) -> Failure {
        let offset = offset ?? position
        let place = lineAndColumn(of: offset)
        let rest = String(decoding: bytes[offset..<min(offset + 24, bytes.count)], as: UTF8.self)
        let found = rest.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        return Failure(
            .usage, problem, at: "\(name):\(place.line):\(place.column)",
            found: offset >= bytes.count ? "the end of the file" : found.isEmpty ? "the end of the line" : found,
            expected: expected)
    }
}
