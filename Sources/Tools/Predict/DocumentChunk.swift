import Foundation
import Support

/// Some documents, in the order in which they came.
public struct DocumentChunk: Sendable {
    public enum Content: Sendable {
        case features(CSRMatrix)
        /// UTF-8, each line with its end.
        case lines([UInt8], form: TextForm)
    }
    /// Number of the first document, from 0.
    public var first: Int
    public var documents: Int
    public var content: Content
}

/// How a line of raw text holds its document.
public enum TextForm: UInt8, Sendable {
    /// The text, or `labels<TAB>text`: what stands after the first tab counts.
    case plain
    /// A JSON object with `text`, or with `title` and `content`.
    case json
    /// Not text but features: a row of XC text, `id:value` entries.
    case features
}

/// What documents come from.
public protocol DocumentSource {
    /// Documents of the whole source, where that is known before its end.
    var count: Int? { get }
    /// The next documents can be had without waiting for whoever writes them.
    var isReady: Bool { get }
    /// The next documents, at most `limit`; nil at the end.
    mutating func next(_ limit: Int) throws -> DocumentChunk?
}

/// Rows of a feature file.
struct FeatureSource: DocumentSource {
    private let features: CSRMatrix
    private var at = 0

    init(_ features: CSRMatrix) { self.features = features }

    var count: Int? { features.rows }
    var isReady: Bool { true }

    mutating func next(_ limit: Int) -> DocumentChunk? {
        guard at < features.rows else { return nil }
        let rows = at..<at + min(limit, features.rows - at)
        at = rows.upperBound
        return DocumentChunk(first: rows.lowerBound, documents: rows.count, content: .features(features.slice(rows)))
    }
}

extension CSRMatrix {
    /// Neighbouring rows; shares the entries.
    func slice(_ rows: Range<Int>) -> CSRMatrix {
        let from = Int(starts[rows.lowerBound]), count = Int(starts[rows.upperBound]) - from
        let offsets = Buffer<Int64>(count: rows.count + 1)
        for i in 0...rows.count { offsets[i] = starts[rows.lowerBound + i] - Int64(from) }
        return CSRMatrix(
            rows: rows.count, cols: cols, starts: offsets,
            indices: Buffer(viewing: indices.pointer + from, count: count, owner: indices),
            values: values.map { Buffer(viewing: $0.pointer + from, count: count, owner: $0) })
    }
}
