import Formats
import Foundation
import Support

/// The names of the labels of a raw XC data set: label i is line i, counted from 0, of its `lbl.json.gz` or `Y.txt`.
public struct LabelNames: Sendable, Equatable {
    /// Distinct, without `|` and control characters, none blank.
    public let names: [String]

    /// Reads JSON lines with a `title` each (told from the first line) or one name a line; either may be compressed by gzip.
    ///
    /// `|` and control characters, which separate names in our files, become spaces. A label without a name is called by its
    /// number, and where several labels have one name, all but the first get their number in parentheses.
    /// - Throws: `Failure` with `file:line` of what is no label.
    public init(file: String) throws { try self.init(TextLines(path: file, expected: Self.forms)) }

    package init(_ file: MappedFile) throws { try self.init(TextLines(file, expected: Self.forms)) }

    private init(_ lines: TextLines) throws {
        let names = try Self.texts(lines)
        if names.isEmpty {
            throw Failure(
                .usage, "the file holds no label", at: lines.path, expected: "lbl.json.gz or Y.txt of the data set",
                advice: "check that it was written whole")
        }
        self.init(raw: names)
    }

    /// The lines as they are, or the titles of JSON lines, by label.
    static func texts(file: String) throws -> [String] { try texts(TextLines(path: file, expected: forms)) }

    private static let forms = "{\"title\": \"…\"} a line (lbl.json.gz), or one name a line (Y.txt)"

    private static func texts(_ lines: TextLines) throws -> [String] {
        let file = lines.path
        var names = [String]()
        var isJSON: Bool?
        try lines.forEach { line, number in
            if isJSON == nil {
                try WholeJSON.refuse(
                    firstLine: line, at: "\(file):\(number)", expected: "{\"title\": \"…\"} a line, or one name a line")
            }
            let asJSON = isJSON ?? line.hasPrefix("{")
            isJSON = asJSON
            names.append(asJSON ? try title(line, at: "\(file):\(number)") : line)
        }
        return names
    }

    private init(raw: [String]) {
        var seen = Set<String>()
        names = raw.enumerated().map { number, name in
            var name = Self.clean(name)
            if name.isEmpty { name = "\(number)" }
            if seen.contains(name) { name += " (\(number))" }
            while !seen.insert(name).inserted { name += "'" }
            return name
        }
    }

    /// The names of labels 0 ..< `count` of a data set without a file of names.
    public init(numbersBelow count: Int) { names = (0..<count).map { "\($0)" } }

    private static func clean(_ name: String) -> String {
        let scalars = name.unicodeScalars.map { $0 == "|" || $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(scalars)).trimmingCharacters(in: .whitespaces)
    }

    private static func title(_ line: String, at place: String) throws -> String {
        struct Line: Decodable { let title: String }
        do {
            return try JSONDecoder().decode(Line.self, from: Data(line.utf8)).title
        } catch {
            throw Failure(
                .usage, "the line is not a label", at: place, found: "\"\(line.prefix(60))\"",
                expected: "{\"title\": \"…\"}", advice: "give the data set's lbl.json.gz, or its Y.txt")
        }
    }
}
