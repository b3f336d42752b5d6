import Formats
import Support

extension Config {
    /// Applies one `--set section.key=value`, as if the file said it: later sections inherit it where they say nothing.
    ///
    /// The value is JSON (`5`, `0.01`, `true`, `null`, `"text"`), a number as people type it (`.01`, `5.`, `+1`), one of Python's
    /// words (`True`, `None`) or a bare word (`Adam`).
    /// - Throws: `Failure` under the same checks as a file, with the same suggestions.
    public mutating func set(_ assignment: String) throws {
        let place = "--set \(assignment)"
        let (path, text) = try split(assignment, at: place)
        let section = try section(of: path, at: place)
        let key = String(path.drop { $0 != "." }.dropFirst())
        let parsed = (try? JSONValue.parse(Array(text.utf8), name: place)) ?? Self.typed(text)
        if fileText == nil { fileText = json }
        do {
            try written.write(key, parsed ?? .string(text), in: section, at: place)
        } catch let failure as Failure {
            // A name may look like a number: --set global.arch=2
            guard parsed?.string == nil, (try? written.write(key, .string(text), in: section, at: place)) != nil else {
                throw failure
            }
        }
        resolve(key)
    }

    /// What is plain to a person, and no JSON.
    private static func typed(_ text: String) -> JSONValue? {
        let word = text.filter { $0 != " " }
        if let value = ["True": JSONValue.bool(true), "False": .bool(false), "None": .null][word] { return value }
        guard !word.isEmpty, word.allSatisfy({ "0123456789+-.eE".contains($0) }), let number = Double(word), number.isFinite
        else {
            return nil
        }
        return .number(number)
    }

    private func split(_ assignment: String, at place: String) throws -> (path: String, value: String) {
        let form = "section.key=value, such as --set extreme.num_epochs=5"
        guard let equals = assignment.firstIndex(of: "=") else {
            throw Failure(.usage, "no value to set", at: place, found: assignment, expected: form)
        }
        let path = assignment[..<equals].filter { $0 != " " }
        guard path.contains(".") else {
            let sections = schema.sections.filter { schema.knownKeys(of: $0).contains(path) }.map { "\($0.rawValue).\(path)" }
            throw Failure(
                .usage, "no section to set the key in", at: place, found: path, expected: form,
                advice: sections.isEmpty ? "" : "say which: \(sections.joined(separator: ", "))")
        }
        return (path, String(assignment[assignment.index(after: equals)...]))
    }

    private func section(of path: String, at place: String) throws -> ConfigSection {
        let name = String(path.prefix { $0 != "." })
        let names = schema.sections.map(\.rawValue)
        if names.contains(name) { return ConfigSection(rawValue: name) }
        throw Failure(
            .usage, "unknown section \"\(name)\"", at: place, found: name, expected: names.joined(separator: ", "),
            advice: suggestion(for: name, among: names).map { "did you mean \"\($0)\"?" } ?? "")
    }
}
