import Formats
import Foundation
import Support

/// Which labels are a document itself, in data sets whose labels are documents too (those named LF in the Extreme Classification
/// Repository: products that are bought with others, articles that refer to others).
///
/// A document's own label is one whose title is the document's: the same text, blanks at both ends apart. A document without a title
/// goes by its text, and a label by its text where it has one (`--label-text FILE`) and by its name; several labels may have one title.
/// Such a pair is found by anything, and says nothing: the repository's `filter_labels_{train,test}.txt` list these pairs, and `evaluate`
/// removes them from predictions.
struct OwnLabels {
    private var columns: [String: [Int32]] = [:]

    /// - Parameters:
    ///   - names: of the labels by column.
    ///   - titles: of a label by its name.
    init(_ names: [String], titles: (String) -> [String]) {
        for (column, name) in names.enumerated() {
            for text in Set(titles(name).map(Self.trimmed)) where !text.isEmpty {
                columns[text, default: []].append(Int32(column))
            }
        }
    }

    /// Ascending.
    func columns(of document: Document) -> [Int32] {
        columns[Self.trimmed(document.title ?? document.text), default: []]
    }

    private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// The pairs of one part of a data set.
struct OwnLabelPairs {
    /// The own labels of each row.
    private(set) var rows: [[Int32]] = []
    /// Pairs that the documents' labels have too.
    private(set) var amongLabels = 0

    var count: Int { rows.reduce(0) { $0 + $1.count } }

    mutating func append(_ own: [Int32], labels: [Int32]) {
        rows.append(own)
        amongLabels += own.count { labels.contains($0) }
    }

    /// A line `document label` for each pair, both counted from 0, by document and then label.
    func write(to path: String) throws {
        try TextOutput.write(
            path, lines: rows.enumerated().lazy.flatMap { row, own in own.map { "\(row) \($0)" } })
    }
}
