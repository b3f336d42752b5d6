import Diagnostics
import Foundation

/// A person's own labelled text: TSV (`labels|separated<TAB>text`) or JSON lines (`{"text": …, "labels": […]}`),
/// told apart by the first line.
public enum DocumentReader {
    static let formats = "labels|separated<TAB>text, or JSON lines {\"text\": \"…\", \"labels\": [\"…\"]}"

    /// The documents of a file, one a line. A document without labels has nothing before its tab, or `"labels": []`.
    ///
    /// - Throws: `Failure` with `file:line` for the first line that is of neither form.
    public static func read(_ path: String) throws -> [Document] {
        var documents = [Document]()
        var isJSON: Bool?
        try TextLines(path: path, expected: formats).readEach { line, number in
            let asJSON = isJSON ?? looksLikeJSON(line)
            isJSON = asJSON
            let place = "\(path):\(number)"
            let document = asJSON ? try jsonDocument(line, at: place) : try tsvDocument(line, at: place)
            documents.append(try checked(document, at: place))
        }
        if documents.isEmpty {
            throw Failure(
                .usage, "the file holds no document", at: path, expected: formats, advice: "check that it was written whole")
        }
        return documents
    }

    /// A brace opens a JSON line; a label may begin with one too, but then a tab follows and it parses as no JSON.
    private static func looksLikeJSON(_ line: String) -> Bool {
        guard line.first(where: { !$0.isWhitespace }) == "{" else { return false }
        return !line.utf8.contains(UInt8(ascii: "\t")) || (try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil
    }

    private static func tsvDocument(_ line: String, at place: String) throws -> Document {
        guard let tab = line.utf8.firstIndex(of: UInt8(ascii: "\t")) else {
            throw Failure(
                .usage, line.isEmpty ? "the line is empty" : "the line has no tab", at: place, found: excerpt(line),
                expected: "labels|separated<TAB>text",
                advice: "put a tab between the labels and the text (a document without labels begins with the tab)")
        }
        let labels = tab == line.startIndex ? [] : line[..<tab].split(separator: "|", omittingEmptySubsequences: false)
        return Document(labels: labels.map(String.init), text: String(line[line.index(after: tab)...]))
    }

    private static func jsonDocument(_ line: String, at place: String) throws -> Document {
        do {
            let parsed = try JSONDecoder().decode(JSONLine.self, from: Data(line.utf8))
            return Document(labels: parsed.labels.map(\.name), text: parsed.text)
        } catch {
            throw Failure(
                .usage, "the line is not a JSON document", at: place, found: "\(excerpt(line)) (\(reason(error)))",
                expected: "{\"text\": \"…\", \"labels\": [\"…\"]}", advice: "write one JSON object a line, with both keys")
        }
    }

    /// Label names end up one a line in labels.txt and joined by `|` in the raw text, so they hold neither.
    private static func checked(_ document: Document, at place: String) throws -> Document {
        var seen = Set<String>()
        for label in document.labels {
            let isBlank = label.allSatisfy(\.isWhitespace)
            if isBlank || label.unicodeScalars.contains(where: { $0 == "|" || $0.properties.generalCategory == .control }) {
                throw Failure(
                    .usage, isBlank ? "a label has no name" : "a label's name holds | or a control character", at: place,
                    found: excerpt(label), expected: "names without |, tabs and line ends, at least one letter long",
                    advice: "rename the label, or remove the superfluous |")
            }
        }
        return Document(labels: document.labels.filter { seen.insert($0).inserted }, text: document.text)
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
