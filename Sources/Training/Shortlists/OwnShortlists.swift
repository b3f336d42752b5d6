import DeepXMLModel
import Devices
import Support

/// The part of all documents' shortlists that falls on one worker's labels.
package struct OwnShortlists {
    /// Rows: documents. Columns: labels, global ids, ascending. Values, of test documents only: similarity (or first-stage
    /// logit).
    package let entries: CSRMatrix
    /// Labels of each row's whole list, over all workers.
    package let lengths: Buffer<Int32>
    /// What is left of them as training negatives; nil for test documents.
    package let negatives: NegativeShortlists?

    /// Deals out `lists`, of which each worker holds its slice of rows.
    ///
    /// - Parameters:
    ///   - labels: this worker's.
    ///   - truth: for training documents, their labels: these are never negatives.
    ///   - sizes: a row's negatives are cut, worst first, to leave room for its positives.
    package init(_ lists: TopK, of rows: RowLists, labels: Range<Int>, labelCount: Int, truth: CSRMatrix?, sizes: ShortlistSizes)
        throws
    {
        var entries = RowBuilder(withValues: truth == nil), negatives = RowBuilder(withValues: false)
        let totals = Buffer<Int32>(count: truth == nil ? 0 : rows.rows)
        let isPositive = Buffer<Bool>(count: labelCount), lengths = Buffer<Int32>(count: rows.rows)
        try rows.forEachRow(lists) { row, ids, scores in
            for (id, score) in zip(ids, scores) where labels.contains(Int(id)) { entries.append(id, score) }
            entries.endRow()
            lengths[row] = Int32(ids.count)
            guard let truth else { return }
            let positives = truth.columns(row)
            for label in positives { isPositive[Int(label)] = true }
            var room = sizes.limit - min(positives.count, sizes.maxPositives), total: Int32 = 0
            for id in ids where !isPositive[Int(id)] && room > 0 {
                room -= 1
                total += 1
                if labels.contains(Int(id)) { negatives.append(id, 0) }
            }
            totals[row] = total
            negatives.endRow()
            for label in positives { isPositive[Int(label)] = false }
        }
        self.lengths = lengths
        self.entries = entries.matrix(cols: labelCount)
        self.negatives = truth.map { _ in
            NegativeShortlists(inRange: negatives.matrix(cols: labelCount), totals: totals)
        }
    }
}

/// Rows of a sparse matrix as they come; each is sorted by column when it ends.
private struct RowBuilder {
    private var starts: [Int64] = [0]
    private var row: [(Int32, Float)] = []
    private var indices: [Int32] = []
    private var values: [Float] = []

    private let withValues: Bool

    init(withValues: Bool) { self.withValues = withValues }

    mutating func append(_ column: Int32, _ value: Float) { row.append((column, value)) }

    mutating func endRow() {
        row.sort { $0.0 < $1.0 }
        for (column, value) in row {
            indices.append(column)
            if withValues { values.append(value) }
        }
        starts.append(Int64(indices.count))
        row.removeAll(keepingCapacity: true)
    }

    func matrix(cols: Int) -> CSRMatrix {
        CSRMatrix(
            rows: starts.count - 1, cols: cols, starts: Buffer(starts), indices: Buffer(indices),
            values: withValues ? Buffer(values) : nil)
    }
}
