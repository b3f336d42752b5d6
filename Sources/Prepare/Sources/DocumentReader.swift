import Datasets
import Formats
import Foundation
import Support

/// Labelled text of a person's own or of the XC repository: TSV (`labels|separated<TAB>text`), JSON lines
/// (`{"text": …, "labels": […]}`) or raw XC JSON lines (`{"title": …, "content": …, "target_ind": […]}`), told apart by the
/// first line; plain or compressed by gzip, told by the first two bytes.
public struct DocumentReader: Sendable {
    static let formats = "labels|separated<TAB>text, or JSON lines {\"text\": \"…\", \"labels\": [\"…\"]}, or \(RawXCLine.form)"

    /// The text of a raw XC document.
    public var fields = TextFields.both
    /// Names of a raw XC data set's labels; nil: their numbers are their names.
    public var labelNames: LabelNames?

    public init() {}

    /// What a file holds.
    public struct Content: Sendable, Equatable {
        public var documents: [Document]
        /// Whether the file is raw XC JSON, whose labels have an order of their own.
        public var isRawXC: Bool
        /// One more than the largest label's number, where `isRawXC`.
        public var labelCount: Int
    }

    /// The documents of a file, one a line. A document without labels has nothing before its tab, or `"labels": []`.
    ///
    /// - Throws: `Failure` with `file:line` for the first line that is of no such form.
    public static func read(_ path: String) throws -> [Document] { try DocumentReader().content(of: path).documents }

    /// The documents of a file, one a line, and what they say about its labels.
    ///
    /// - Throws: `Failure` with `file:line` for the first line that is of no such form.
    public func content(of path: String) throws -> Content {
        try ProgressScope.stage("reading \(lastName(path))", of: nil, "documents") {
            try content(of: TextLines(path: path, expected: Self.formats), $0)
        }
    }

    package func content(of file: MappedFile) throws -> Content {
        try content(of: TextLines(file, expected: Self.formats), .none)
    }

    private func content(of lines: TextLines, _ progress: ProgressStage) throws -> Content {
        let path = lines.path
        var content = Content(documents: [], isRawXC: false, labelCount: 0)
        var form: Form?
        try lines.forEach { line, number in
            let place = "\(path):\(number)"
            let known = try form ?? Form(firstLine: line, at: place)
            form = known
            let document =
                switch known {
                case .tsv: try Self.checked(Self.tsvDocument(line, at: place), at: place)
                case .json: try Self.checked(Self.jsonDocument(line, at: place), at: place)
                case .rawXC: try rawDocument(line, at: place, &content.labelCount)
                }
            content.documents.append(document)
            progress.advance(to: content.documents.count)
        }
        if content.documents.isEmpty {
            throw Failure(
                .usage, "the file holds no document", at: path, expected: Self.formats, advice: "check that it was written whole")
        }
        content.isRawXC = form == .rawXC
        return content
    }

    private enum Form {
        case tsv, json, rawXC

        /// A brace opens a JSON line; a label may begin with one too, but then a tab follows and it parses as no JSON.
        ///
        /// - Throws: `Failure` where the file is one JSON document.
        init(firstLine line: String, at place: String) throws {
            self = .tsv
            if !line.utf8.contains(UInt8(ascii: "\t")) {
                try WholeJSON.refuse(firstLine: line, at: place, expected: DocumentReader.formats)
            }
            guard line.first(where: { !$0.isWhitespace }) == "{" else { return }
            let parsed = try? JSONValue.parse(Array(line.utf8), name: "")
            if line.utf8.contains(UInt8(ascii: "\t")), parsed == nil { return }
            self = parsed?["target_ind"] == nil ? .json : .rawXC
        }
    }

    private func rawDocument(_ line: String, at place: String, _ labelCount: inout Int) throws -> Document {
        let parsed = try Self.decode(RawXCLine.self, line, at: place, expected: RawXCLine.form)
        let numbers = try parsed.labels(at: place, count: labelNames?.names.count)
        labelCount = max(labelCount, (numbers.max() ?? -1) + 1)
        let labels = numbers.map { labelNames?.names[$0] ?? "\($0)" }
        return Document(labels: labels, text: try parsed.text(fields, at: place), title: parsed.title)
    }

    private static func tsvDocument(_ line: String, at place: String) throws -> Document {
        guard let tab = line.utf8.firstIndex(of: UInt8(ascii: "\t")) else {
            throw Failure(
                .usage, line.isEmpty ? "the line is empty" : "the line has no tab", at: place, found: excerpt(line),
                expected: "labels|separated<TAB>text",
                advice: "put a tab between the labels and the text (a document without labels begins with the tab)")
        }
        // By bytes: a bar and a combining mark behind it are one character.
        let bar = UInt8(ascii: "|")
        let labels = tab == line.startIndex ? [] : line[..<tab].utf8.split(separator: bar, omittingEmptySubsequences: false)
        return Document(labels: labels.map { String(decoding: $0, as: UTF8.self) }, text: String(line[line.index(after: tab)...]))
    }

    private static func jsonDocument(_ line: String, at place: String) throws -> Document {
        let parsed = try decode(JSONLine.self, line, at: place, expected: "{\"text\": \"…\", \"labels\": [\"…\"]}")
        return Document(labels: parsed.labels.map(\.name), text: parsed.text, title: parsed.title)
    }

    private static func decode<Line: Decodable>(
        _: Line.Type, _ line: String, at place: String, expected: String
    ) throws -> Line {
        do {
            return try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        } catch {
            throw Failure(
                .usage, "the line is not a JSON document", at: place, found: "\(excerpt(line)) (\(reason(error)))",
                expected: expected, advice: "write one JSON object a line, with the same keys in all")
        }
    }

    /// Label names end up one a line in labels.txt and joined by `|` in the raw text, so they hold neither. Blanks around a name
    /// are no part of it: `cat | pet` are the labels of `cat|pet`.
    private static func checked(_ document: Document, at place: String) throws -> Document {
        var seen = Set<String>()
        let labels = document.labels.map(trimmed)
        for label in labels {
            let isBlank = label.allSatisfy(\.isWhitespace)
            if isBlank || label.unicodeScalars.contains(where: { $0 == "|" || $0.properties.generalCategory == .control }) {
                throw Failure(
                    .usage, isBlank ? "a label has no name" : "a label's name holds | or a control character", at: place,
                    found: excerpt(label), expected: "names without |, tabs and line ends, at least one letter long",
                    advice: "rename the label, or remove the superfluous |")
            }
        }
        return Document(labels: labels.filter { seen.insert($0).inserted }, text: document.text, title: document.title)
    }

    static func trimmed(_ label: String) -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
        }
        let scalars = label.unicodeScalars
        guard let first = scalars.first, let last = scalars.last, isBlank(first) || isBlank(last) else { return label }
        let end = scalars.lastIndex { !isBlank($0) }.map(scalars.index(after:)) ?? scalars.startIndex
        return String(scalars[..<end].drop(while: isBlank))
    }

    private static func excerpt(_ line: String) -> String { "\"\(line.prefix(60))\(line.count > 60 ? "…" : "")\"" }

    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "the key \"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\"\(context.codingPath.first?.stringValue ?? "the line")\" is of another type"
        default: "it does not parse"
        }
    }
}

private struct JSONLine: Decodable {
    let text: String
    let title: String?
    let labels: [Label]

    /// A name, or a number that serves as one.
    struct Label: Decodable {
        let name: String
        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int.self) { name = String(number) } else { name = try value.decode(String.self) }
        }
    }
}

/// One text with the names of its labels, as a source (WordNet, a person's file) gives it.
public struct Document: Sendable, Equatable {
    /// Distinct names, in the order of the source; may be empty.
    public var labels: [String]
    public var text: String
    /// By which it is known as a label of other documents; nil: its text is.
    public var title: String?

    public init(labels: [String], text: String, title: String? = nil) {
        self.labels = labels
        self.text = text
        self.title = title
    }
}
