import DeepXMLModel
import Devices
import Support

/// The part of all documents' shortlists that falls on one worker's labels.
package struct OwnShortlists {
    /// What lists are dealt out for, which says what is kept of them.
    package enum Use {
        /// Entries, with their similarity (or first-stage logit) as values.
        case scoring
        /// Entries without values: another stage's training documents are ranked by them.
        case ranking
        /// Negatives. `truth`: the documents' labels, which are none; `sizes`: a row's negatives are cut, worst first, to leave
        /// room for its positives.
        case training(truth: CSRMatrix, sizes: ShortlistSizes)
    }

    /// Rows: documents. Columns: labels, global ids, ascending. Empty where negatives are kept.
    package let entries: CSRMatrix
    /// Labels of each row's whole list, over all workers.
    package let lengths: Buffer<Int32>
    /// What is left of them as training negatives.
    package let negatives: NegativeShortlists?

    /// Deals out `lists`, of which each worker holds its slice of rows.
    ///
    /// - Parameter labels: this worker's.
    package init(_ lists: TopK, of rows: RowLists, labels: Range<Int>, labelCount: Int, for use: Use) throws {
        var withScores = false
        if case .scoring = use { withScores = true }
        var entries = RowBuilder(withValues: withScores), negatives = RowBuilder(withValues: false)
        let totals = Buffer<Int32>(count: rows.rows), lengths = Buffer<Int32>(count: rows.rows)
        let isPositive = Buffer<Bool>(count: labelCount)
        try rows.forEachRow(lists, withScores: withScores) { row, ids, scores in
            lengths[row] = Int32(ids.count)
            guard case .training(let truth, let sizes) = use else {
                for (id, score) in zip(ids, scores) where labels.contains(Int(id)) { entries.append(id, score) }
                return entries.endRow()
            }
            entries.endRow()
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
        guard case .training = use else {
            self.negatives = nil
            return
        }
        self.negatives = NegativeShortlists(inRange: negatives.matrix(cols: labelCount), totals: totals)
    }
}

/// Rows of a sparse matrix as they come; each is sorted by column when it ends.
private struct RowBuilder {
    private var starts: [Int64] = [0]
    private var row: [(Int32, Float)] = []
    private var indices = GrowingBuffer<Int32>()
    private var values = GrowingBuffer<Float>()
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

    mutating func matrix(cols: Int) -> CSRMatrix {
        CSRMatrix(
            rows: starts.count - 1, cols: cols, starts: Buffer(starts), indices: indices.take(),
            values: withValues ? values.take() : nil)
    }
}
