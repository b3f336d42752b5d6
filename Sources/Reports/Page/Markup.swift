import Foundation

/// A piece of HTML or SVG. What is put into a literal of it as text is escaped; only pieces go in as they are:
///
///     let cell: Markup = "<td title='\(name)'>\(value)</td>"
struct Markup: ExpressibleByStringInterpolation, CustomStringConvertible, Sendable, Equatable {
    let description: String

    static let none: Markup = ""

    init(stringLiteral value: String) { description = value }
    init(stringInterpolation: StringInterpolation) { description = stringInterpolation.text }

    /// Text that is HTML already.
    init(raw: String) { description = raw }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text: String

        init(literalCapacity: Int, interpolationCount: Int) {
            text = ""
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ markup: Markup) { text += markup.description }
        mutating func appendInterpolation(_ plain: some StringProtocol) { text += Markup.escaped(plain) }
        mutating func appendInterpolation(_ number: Int) { text += String(number) }
        /// With as many decimals; without those at the end that say nothing.
        mutating func appendInterpolation(_ number: Double, digits: Int = 2) { text += Markup.number(number, digits: digits) }
        /// Pieces one after the other.
        mutating func appendInterpolation(_ pieces: [Markup]) { for piece in pieces { text += piece.description } }
    }

    static func + (a: Markup, b: Markup) -> Markup { Markup(raw: a.description + b.description) }

    /// Text as it may stand in content and in quoted attributes. Characters that HTML has no place for become U+FFFD.
    static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE:
                result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func number(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "0" }
        var text = String(format: "%.\(digits)f", value)
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text == "-0" ? "0" : text
    }
}

/// A table with a heading row; the first column is set left.
struct MarkupTable {
    var header: [String]
    var rows: [[Markup]]

    var markup: Markup {
        let head = header.map { "<th scope='col'>\($0)</th>" as Markup }
        let body = rows.map { row -> Markup in
            let cells = row.enumerated().map { index, cell -> Markup in
                index == 0 ? "<th scope='row'>\(cell)</th>" : "<td>\(cell)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        return "<div class='scroll'><table><thead><tr>\(head)</tr></thead><tbody>\n\(body)</tbody></table></div>\n"
    }
}
