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

    /// Deals out `lists`, of which each worker holds its slice of rows. Collective.
    ///
    /// Whoever holds a row cuts it, and sends each worker the labels that are that one's.
    ///
    /// - Parameter labels: this worker's.
    package init(_ lists: TopK, of rows: RowLists, labels: Range<Int>, labelCount: Int, for use: Use) throws {
        let group = rows.group, own = rows.ownRows
        var dealer = try ListDealer(use, group, labels: labels, labelCount: labelCount)
        let totals = Buffer<Int32>(count: rows.rows), lengths = Buffer<Int32>(count: rows.rows)
        try rows.forEachSliceBlock("dealing out shortlists") { block in
            for row in block[group.rank] {
                let ids = lists.ids(row - own.lowerBound), scores = lists.scores(row - own.lowerBound)
                lengths[row] = Int32(ids.count)
                totals[row] = dealer.add(row: row, ids, scores)
            }
            try dealer.deal(block)
        }
        try group.communicator.allgather(lengths, blocks: rows.slices)
        self.lengths = lengths
        let dealt = dealer.take()
        guard case .training = use else {
            (entries, negatives) = (dealt, nil)
            return
        }
        try group.communicator.allgather(totals, blocks: rows.slices)
        entries = CSRMatrix(
            rows: rows.rows, cols: labelCount, starts: Buffer(count: rows.rows + 1), indices: Buffer(count: 0), values: nil)
        negatives = NegativeShortlists(inRange: dealt, totals: totals)
    }
}

/// What one worker sends the others of its rows' lists, and what it gets of theirs.
private struct ListDealer {
    private let use: OwnShortlists.Use
    private let group: WorkerGroup
    private let labelCount: Int
    private let withScores: Bool
    /// The first label of each worker.
    private let bounds: [Int]
    private let isPositive: Buffer<Bool>
    /// A row's labels with the bits of their scores; one that is sorted ascends by label.
    private var row: [UInt64] = []
    /// For each worker, row by row: the number of its labels, then the labels; and their scores.
    private var ids: [[Int32]], scores: [[Float]]
    /// From each worker.
    private var received: [RowBuilder]

    init(_ use: OwnShortlists.Use, _ group: WorkerGroup, labels: Range<Int>, labelCount: Int) throws {
        (self.use, self.group, self.labelCount) = (use, group, labelCount)
        var withScores = false
        if case .scoring = use { withScores = true }
        self.withScores = withScores
        bounds = try group.communicator.allgatherCounts(labels.lowerBound)
        isPositive = Buffer(count: labelCount)
        ids = Array(repeating: [], count: group.size)
        scores = Array(repeating: [], count: group.size)
        received = (0..<group.size).map { _ in RowBuilder(withValues: withScores, parts: group.size) }
    }

    /// - Returns: how many labels of the row are kept.
    mutating func add(row number: Int, _ ids: BufferSlice<Int32>, _ scores: BufferSlice<Float>) -> Int32 {
        row.removeAll(keepingCapacity: true)
        if case .training(let truth, let sizes) = use {
            let positives = truth.columns(number)
            for label in positives { isPositive[Int(label)] = true }
            let room = sizes.limit - min(positives.count, sizes.maxPositives)
            for id in ids where !isPositive[Int(id)] && row.count < room { row.append(UInt64(id) << 32) }
            for label in positives { isPositive[Int(label)] = false }
        } else {
            for (id, score) in zip(ids, scores) { row.append(UInt64(id) << 32 | UInt64(score.bitPattern)) }
        }
        row.sort()
        split()
        return Int32(row.count)
    }

    private mutating func split() {
        var at = 0
        for worker in 0..<group.size {
            let end = worker + 1 < group.size ? bounds[worker + 1] : .max, from = at
            ids[worker].append(0)
            while at < row.count, Int(row[at] >> 32) < end {
                ids[worker].append(Int32(row[at] >> 32))
                if withScores { scores[worker].append(Float(bitPattern: UInt32(truncatingIfNeeded: row[at]))) }
                at += 1
            }
            ids[worker][ids[worker].count - 1 - (at - from)] = Int32(at - from)
        }
    }

    /// Sends what was added since the last time. All workers call it, with the rows of each.
    mutating func deal(_ block: [Range<Int>]) throws {
        let labels = try group.communicator.alltoall(ids), weights = withScores ? try group.communicator.alltoall(scores) : []
        for worker in 0..<group.size {
            received[worker].append(rows: block[worker].count, labels[worker], withScores ? weights[worker] : nil)
            ids[worker].removeAll(keepingCapacity: true)
            scores[worker].removeAll(keepingCapacity: true)
        }
    }

    /// All rows: each worker's follow those of the one before.
    mutating func take() -> CSRMatrix {
        defer { received = [] }
        return RowBuilder.matrix(&received, cols: labelCount)
    }
}

/// Rows of a sparse matrix as they come.
private struct RowBuilder {
    private var counts: [Int32] = []
    private var indices: GrowingBuffer<Int32>
    private var values: GrowingBuffer<Float>
    private let withValues: Bool

    /// - Parameter parts: of the matrix.
    init(withValues: Bool, parts: Int) {
        self.withValues = withValues
        let bytes = max(64 << 10, (4 << 20) / parts)
        (indices, values) = (GrowingBuffer(pieceBytes: bytes), GrowingBuffer(pieceBytes: bytes))
    }

    /// - Parameter list: row by row, the number of its entries, then their columns.
    mutating func append(rows: Int, _ list: Buffer<Int32>, _ scores: Buffer<Float>?) {
        var at = 0
        for _ in 0..<rows {
            let count = list[at]
            counts.append(count)
            for i in at + 1..<at + 1 + Int(count) { indices.append(list[i]) }
            at += 1 + Int(count)
        }
        if let scores { for i in 0..<scores.count { values.append(scores[i]) } }
    }

    /// One's rows behind the other's, which are left without any.
    static func matrix(_ parts: inout [RowBuilder], cols: Int) -> CSRMatrix {
        let counts = parts.flatMap(\.counts), starts = Buffer<Int64>(count: counts.count + 1)
        for (row, count) in counts.enumerated() { starts[row + 1] = starts[row] + Int64(count) }
        let withValues = parts.first?.withValues ?? false, entries = Int(starts[counts.count])
        let indices = Buffer<Int32>(count: entries), values = withValues ? Buffer<Float>(count: entries) : nil
        var at = 0
        for i in parts.indices {
            let own = parts[i].indices.take(), scores = parts[i].values.take(), range = at..<at + own.count
            indices[range].update(from: own.all)
            values?[range].update(from: scores.all)
            at = range.upperBound
        }
        return CSRMatrix(rows: counts.count, cols: cols, starts: starts, indices: indices, values: values)
    }
}
