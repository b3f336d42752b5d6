import Coordinator
import Formats
import Foundation
import Support

/// What `inspect` found at a path: a page for a person, or JSON for a program.
public struct Inspection: Sendable {
    /// A figure as a person reads it, and as a program does.
    public struct Figure: Sendable {
        public var text: String
        public var json: JSONValue

        public static func text(_ text: String) -> Figure { Figure(text: text, json: .string(text)) }
        public static func count(_ count: Int) -> Figure { Figure(text: Quantity.count(count), json: .integer(count)) }
        /// A number that names something (a seed, a version), without separators.
        public static func number(_ number: Int) -> Figure { Figure(text: String(number), json: .integer(number)) }
        public static func bytes(_ bytes: Int) -> Figure { Figure(text: Quantity.bytes(bytes), json: .integer(bytes)) }
        public static func percent(_ value: Double) -> Figure { Figure(text: Quantity.percent(value), json: .number(value)) }
        public static func decimal(_ value: Double) -> Figure {
            Figure(text: String(format: "%.2f", value), json: .number(value))
        }
        /// `12,136×300`.
        public static func shape(_ shape: [Int]) -> Figure {
            Figure(text: shape.map(Quantity.count).joined(separator: "×"), json: .array(shape.map(JSONValue.integer)))
        }
    }

    public struct Fact: Sendable {
        public var name: String
        public var value: Figure
        public init(_ name: String, _ value: Figure) { (self.name, self.value) = (name, value) }
    }

    public struct Table: Sendable {
        public var name: String
        public var header: [String]
        public var rows: [[Figure]]
        public init(_ name: String, header: [String], rows: [[Figure]] = []) {
            (self.name, self.header, self.rows) = (name, header, rows)
        }
    }

    public struct DamagedPart: Sendable, Equatable {
        public var place: String
        public var reason: String
        public init(_ place: String, _ reason: String) { (self.place, self.reason) = (place, reason) }
    }

    /// `checkpoint`, `model`, `data set`, …
    public var kind: String
    public var path: String
    public var facts: [Fact] = []
    public var tables: [Table] = []
    public var damages: [DamagedPart] = []
    /// Every byte was read, not just names, sizes and headers.
    public var isVerified: Bool

    init(_ kind: String, path: String, verify: Bool) {
        (self.kind, self.path) = (kind, path)
        isVerified = verify
    }

    mutating func add(_ name: String, _ value: Figure) { facts.append(Fact(name, value)) }
    mutating func addDamage(_ place: String, _ reason: String) { damages.append(DamagedPart(place, reason)) }

    /// Makes damage of what `body` throws: a page is shown of what is whole.
    @discardableResult mutating func noting<Result>(_ place: String, _ body: () throws -> Result) -> Result? {
        do { return try body() } catch {
            addDamage(place, Failure.short(error))
            return nil
        }
    }
}

extension Inspection {
    /// The page.
    public var text: String {
        var blocks = ["\(kind)  \(path)"]
        let width = facts.map(\.name.count).max() ?? 0
        let lines = facts.map { "  " + $0.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.value.text }
        if !lines.isEmpty { blocks.append(lines.joined(separator: "\n")) }
        for table in tables where !table.rows.isEmpty {
            let text = TextTable(header: table.header, rows: table.rows.map { $0.map(\.text) }).text
            let indented = text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
            blocks.append("\(table.name)\n\(indented)")
        }
        blocks.append(verdict)
        return blocks.joined(separator: "\n\n")
    }

    private var verdict: String {
        guard damages.isEmpty else {
            return "DAMAGED\n" + damages.map { "  \($0.place): \($0.reason)" }.joined(separator: "\n")
        }
        return isVerified ? "whole: every byte was read and checked" : "no damage seen; --verify reads every byte"
    }

    /// Facts by name, tables as arrays of objects, damages as place and reason.
    public var json: String {
        var members: [JSONValue.Member] = [
            .init("kind", .string(kind)), .init("path", .string(path)), .init("verified", .bool(isVerified)),
            .init("whole", .bool(damages.isEmpty)),
            .init(
                "damages",
                .array(damages.map { .object([.init("place", .string($0.place)), .init("reason", .string($0.reason))]) })),
        ]
        members += facts.map { .init($0.name.replacing(" ", with: "_"), $0.value.json) }
        for table in tables {
            let names = table.header.map { $0.replacing(" ", with: "_") }
            let rows = table.rows.map { row in JSONValue.object(zip(names, row).map { .init($0, $1.json) }) }
            members.append(.init(table.name.replacing(" ", with: "_"), .array(rows)))
        }
        return JSONValue.object(members).indentedText
    }
}
