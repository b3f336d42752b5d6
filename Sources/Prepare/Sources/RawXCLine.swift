import Foundation
import Support

/// Which fields of a raw XC document are its text.
public enum TextFields: String, Sendable, CaseIterable {
    case title, content
    /// Title, a space, content.
    case both
}

extension TextFields {
    /// A file in the data set's folder and in its models', where the fields are not `both`.
    public static let fileName = "text_fields.txt"

    /// Those of the data set that a model was trained on.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where the file says something else.
    public init(folder: String) throws {
        let path = "\(folder)/\(Self.fileName)"
        guard isFile(path) else {
            self = .both
            return
        }
        let text = String(decoding: try MappedFile(path: path).prefix(20), as: UTF8.self)
        guard let fields = Self(rawValue: text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Failure(
                .damagedCheckpoint, "not the name of a text's fields", at: path, found: "\"\(text)\"",
                expected: Self.allCases.map(\.rawValue).joined(separator: ", "), advice: "prepare the data set again")
        }
        self = fields
    }
}

/// One line of the XC repository's raw data sets: `{"uid": …, "title": …, "content": …, "target_ind": [label, …]}`.
struct RawXCLine: Decodable {
    let title: String?
    private let content: String?
    private let target_ind: [Int]

    static let form = "{\"title\": \"…\", \"content\": \"…\", \"target_ind\": [0, 7]}"

    /// The labels' numbers, each once, in the order of the line.
    ///
    /// - Throws: `Failure` where one is negative or, when the number of labels is known, too large.
    func labels(at place: String, count: Int?) throws -> [Int] {
        for label in target_ind where label < 0 || label >= count ?? Int(Int32.max) {
            throw Failure(
                .usage, "a label's number is out of range", at: place, found: "\(label)",
                expected: "0…\((count ?? Int(Int32.max)) - 1)",
                advice: count == nil ? "write the file again" : "give the file of names that belongs to this data set")
        }
        var seen = Set<Int>()
        return target_ind.filter { seen.insert($0).inserted }
    }

    /// - Throws: `Failure` where a wanted field is missing; for `both`, where both are.
    func text(_ fields: TextFields, at place: String) throws -> String {
        let parts: [String?] =
            switch fields {
            case .title: [title]
            case .content: [content]
            case .both: [title, content]
            }
        let found = parts.compactMap { $0 }
        if found.isEmpty {
            throw Failure(
                .usage, "the document has no \(fields == .both ? "title and no content" : fields.rawValue)", at: place,
                expected: Self.form, advice: "choose by --text which fields are the text: title, content or both")
        }
        return found.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
