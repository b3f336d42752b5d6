import Support

/// Files that are one JSON document, where a reader wants a document a line.
package enum WholeJSON {
    /// - Parameters:
    ///   - line: the first line of the file that isn't blank.
    ///   - expected: what a line should hold.
    /// - Throws: `Failure` where it begins a JSON array of objects or texts, or an object that goes on in the lines below.
    package static func refuse(firstLine line: some StringProtocol, at place: String, expected: String) throws {
        let text = line.drop { $0.isWhitespace }
        let isArray = text.first == "[" && beginsArray(text)
        guard isArray || text.allSatisfy({ $0 == "{" || $0.isWhitespace }) && text.first == "{" else { return }
        throw Failure(
            .usage, isArray ? "a JSON array, where each line should be a document" : "a JSON object that takes several lines",
            at: place, found: String(text.prefix(40)), expected: expected,
            advice: isArray
                ? "write an element a line: jq -c '.[]' FILE > NEW.jsonl" : "write an object a line: jq -c . FILE > NEW.jsonl")
    }

    /// A text of a person's may begin with a bracket too: `[1]`, `[sic] …`.
    private static func beginsArray(_ text: some StringProtocol) -> Bool {
        let rest = text.dropFirst().drop { $0.isWhitespace }
        if rest.isEmpty || rest.first == "{" { return true }
        guard let value = try? JSONValue.parse(Array(text.utf8), name: ""), case .array(let elements) = value else {
            return false
        }
        return elements.contains { $0.string != nil || $0.members != nil }
    }
}
