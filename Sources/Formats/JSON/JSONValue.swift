/// A JSON value as a person wrote it: object members keep their order and their place in the text.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    /// A whole number beyond ±2⁵³, where a `Double` would round it; nearer to 0 it is a `number`.
    case wholeNumber(Int)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One `name: value` of an object; `line` and `column` (from 1) are those of the name, 0 where nobody typed it.
    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: JSONValue
        public var line: Int
        public var column: Int

        public init(_ name: String, _ value: JSONValue, line: Int = 0, column: Int = 0) {
            self.name = name
            self.value = value
            self.line = line
            self.column = column
        }

        /// Where a member stands does not change what it says.
        public static func == (a: Member, b: Member) -> Bool { a.name == b.name && a.value == b.value }
    }

    /// A whole number, exact to 64 bits.
    public static func integer(_ value: Int) -> JSONValue {
        value.magnitude <= exactInDouble ? .number(Double(value)) : .wholeNumber(value)
    }

    /// A number, or null where JSON has no word for it (NaN, infinity).
    public static func finite(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }

    private static let exactInDouble: UInt = 1 << 53

    /// An object with its members sorted by name.
    public static func sorted(_ members: [String: JSONValue]) -> JSONValue {
        .object(members.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
    }

    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The member of that name, where this is an object that has one.
    public subscript(name: String) -> JSONValue? { members?.first { $0.name == name }?.value }

    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    public var number: Double? {
        switch self {
        case .number(let value): value
        case .wholeNumber(let value): Double(value)
        default: nil
        }
    }

    /// The number as an integer, where it is one and known exactly.
    public var integer: Int? {
        if case .wholeNumber(let value) = self { return value }
        guard let number, number.rounded() == number, abs(number) <= Double(Self.exactInDouble) else { return nil }
        return Int(number)
    }
}

extension JSONValue {
    /// Text on one line; members in the order they are held.
    public var text: String { line(space: " ") }

    /// The same without a space.
    public var compactText: String { line(space: "") }

    private func line(space: String) -> String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): integer.map(String.init) ?? "\(value)"
        case .wholeNumber(let value): String(value)
        case .string(let value): JSONValue.quoted(value)
        case .array(let values): "[" + values.map { $0.line(space: space) }.joined(separator: ",\(space)") + "]"
        case .object(let members):
            "{"
                + members.map { "\(JSONValue.quoted($0.name)):\(space)\($0.value.line(space: space))" }
                .joined(separator: ",\(space)") + "}"
        }
    }

    /// Text with one member a line, indented by two spaces; arrays stay on one line.
    public var indentedText: String { indented(by: "") }

    private func indented(by margin: String) -> String {
        guard case .object(let members) = self, !members.isEmpty else { return text }
        let lines = members.map { "\(margin)  \(JSONValue.quoted($0.name)): \($0.value.indented(by: margin + "  "))" }
        return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
    }

    /// `text` in double quotes, escaped.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// As part of a `Codable` report; members are written in the encoder's order.
extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .sorted(try value.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .wholeNumber(let integer): try container.encode(integer)
        case .number(let number): if let integer { try container.encode(integer) } else { try container.encode(number) }
        case .string(let text): try container.encode(text)
        case .array(let array): try container.encode(array)
        case .object(let members):
            try container.encode(Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last }))
        }
    }
}
