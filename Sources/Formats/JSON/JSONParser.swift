import Support

extension JSONValue {
    /// Parses one JSON document (RFC 8259), as strict as Python's `json`: no comments, no trailing commas.
    ///
    /// - Parameter name: the file or flag that errors give as their place.
    /// - Throws: `Failure` with `name:line:column` and what was found and expected; also where an object repeats a name.
    public static func parse(_ bytes: [UInt8], name: String) throws -> JSONValue {
        if let kind = ForeignKind(bytes), kind.isBinary { throw kind.refusal(name, expected: "a JSON text in UTF-8") }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure(.usage, "not a JSON text", at: name, found: "bytes that are not UTF-8", expected: "UTF-8")
        }
        return try bytes.withUnsafeBytes { bytes in
            var scanner = JSONScanner(document: bytes, place: name)
            let value = try scanner.value(depth: 0)
            try scanner.end()
            return value
        }
    }
}

extension JSONValue {
    /// The document in a file.
    ///
    /// - Throws: `Failure` where the file is missing, or holds no JSON document.
    package static func read(_ path: String) throws -> JSONValue { try read(MappedFile(path: path)) }

    package static func read(_ file: MappedFile) throws -> JSONValue {
        try withExtendedLifetime(file) { try parse(Array(file.bytes), name: file.path) }
    }
}

extension JSONScanner {
    /// The next value, whatever it is.
    fileprivate mutating func value(depth: Int) throws -> JSONValue {
        let first = peek()
        if depth > Self.deepest { throw tooDeep() }
        switch first {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["):
            var values: [JSONValue] = []
            try array { values.append(try $0.value(depth: depth + 1)) }
            return .array(values)
        case UInt8(ascii: "\""): return .string(try string())
        case let byte? where byte == UInt8(ascii: "-") || (48...57).contains(byte): return try JSONValue(number: number())
        default:
            for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)] where take(word: word)
            {
                return value
            }
            throw refused("a value: a number, a \"string\", true, false, null, {…} or […]")
        }
    }

    private mutating func members(depth: Int) throws -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        var names = Set<ExactString>()
        try object { name, scanner in
            let place = scanner.placeOfName()
            if !names.insert(ExactString(name)).inserted { throw scanner.repeated(name) }
            members.append(.init(name, try scanner.value(depth: depth + 1), line: place.line, column: place.column))
        }
        return members
    }
}

extension JSONValue {
    /// - Parameter number: a finite number as JSON writes it.
    fileprivate init(number: String) {
        self = Int(number).map(JSONValue.integer) ?? .number(Double(number) ?? 0)
    }
}
