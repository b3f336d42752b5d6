import Formats
import Support

/// Reads `filter_labels_test.txt`: lines `document label`, pairs that are removed from the predictions.
public enum LabelFilter {
    /// - Returns: a documents×labels binary matrix; empty where `file` is nil. Empty lines and repeated pairs are accepted.
    /// - Throws: `Failure` with the line of what isn't two numbers in range.
    public static func read(_ file: MappedFile?, documents: Int, labels: Int) throws -> CSRMatrix {
        var pairs: [UInt64] = []
        try file?.forEachLine { text, line in
            let reader = PairReader(place: "\(file?.path ?? ""):\(line)")
            guard let (document, label) = try reader.pair(text) else { return }
            try reader.check(document, below: documents, "document")
            try reader.check(label, below: labels, "label")
            pairs.append(UInt64(document) << 32 | UInt64(label))
        }
        pairs.sort()
        let starts = Buffer<Int64>(count: documents + 1)
        var columns: [Int32] = []
        columns.reserveCapacity(pairs.count)
        for (i, pair) in pairs.enumerated() where i == 0 || pair != pairs[i - 1] {
            starts[Int(pair >> 32) + 1] += 1
            columns.append(Int32(pair & 0xFFFF_FFFF))
        }
        for d in 0..<documents { starts[d + 1] += starts[d] }
        return CSRMatrix(rows: documents, cols: labels, starts: starts, indices: Buffer(columns), values: nil)
    }
}

private struct PairReader {
    let place: String

    /// The two numbers of a line; nil where it is empty.
    func pair(_ text: LineBytes) throws -> (Int, Int)? {
        var numbers: [Int] = []
        for word in text.split(whereSeparator: { $0 == 32 || $0 == 9 || $0 == 13 }) {
            guard numbers.count < 2, word.count <= 10, word.allSatisfy({ (48...57).contains($0) }) else { throw notAPair(text) }
            numbers.append(word.reduce(0) { $0 * 10 + Int($1 - 48) })
        }
        if numbers.count == 1 { throw notAPair(text) }
        return numbers.isEmpty ? nil : (numbers[0], numbers[1])
    }

    func check(_ number: Int, below limit: Int, _ what: String) throws {
        guard number >= limit else { return }
        throw Failure(
            .usage, "\(what) out of range", at: place, found: "\(what) \(number)",
            expected: limit > 0 ? "0…\(limit - 1), as the test files say" : "none: there are no \(what)s",
            advice: "check that the filter belongs to this data set")
    }

    private func notAPair(_ text: LineBytes) -> Failure {
        Failure(
            .usage, "not a pair", at: place, found: quoted(text), expected: "two whole numbers: document label",
            advice: "correct the line")
    }
}
