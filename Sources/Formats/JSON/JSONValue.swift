/// A JSON value as a person wrote it: object members keep their order and their place in the text.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
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

    public static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }

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
        if case .number(let value) = self { value } else { nil }
    }

    /// The number as an integer, where it is one that a Double holds exactly.
    public var integer: Int? {
        guard let number, number.rounded() == number, abs(number) <= 9_007_199_254_740_992 else { return nil }
        return Int(number)
    }
}

extension JSONValue {
    /// Compact text on one line; members in the order they are held.
    public var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): integer.map(String.init) ?? "\(value)"
        case .string(let value): JSONValue.quoted(value)
        case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { "\(JSONValue.quoted($0.name)): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }

    /// Text with one member a line, indented by two spaces; arrays stay on one line.
    public var indentedText: String { indented(by: "") }

    private func indented(by margin: String) -> String {
        guard case .object(let members) = self, !members.isEmpty else { return text }
        let lines = members.map { "\(margin)  \(JSONValue.quoted($0.name)): \($0.value.indented(by: margin + "  "))" }
        return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
