import Messages
import Support

/// Merges the top-k lists of label shards into the two matrices of a learner, each cut at `topK` a row.
///
/// Entries may come in any order and from any number of shards, each (row, label) once; the result doesn't depend on
/// the order. Memory: 16·rows·topK bytes (8 where a stage has no scores), also while they become the matrices. Not for
/// use by two threads at a time.
public final class ScoreMerger {
    /// What its rows stand for.
    public let documents: Range<Int>
    public let labels: Int
    public let topK: Int
    private let scores: BestKeys
    private let priors: BestKeys

    public convenience init(rows: Int, labels: Int, topK: Int) { self.init(documents: 0..<rows, labels: labels, topK: topK) }

    /// - Parameter documents: those whose entries it takes; the first is row 0 of the matrices.
    public init(documents: Range<Int>, labels: Int, topK: Int) {
        precondition(documents.lowerBound >= 0 && labels >= 0 && topK > 0)
        self.documents = documents
        self.labels = labels
        // A row cannot hold more labels than there are.
        self.topK = max(1, min(topK, labels))
        scores = BestKeys(rows: documents.count, capacity: self.topK)
        priors = BestKeys(rows: documents.count, capacity: self.topK)
    }

    /// Takes one worker's entries for a block of documents, which are of the merger's; their rows lie in `documents`.
    public func add(documents: Range<Int>, entries: [ScoreEntry]) {
        precondition(documents.lowerBound >= self.documents.lowerBound && documents.upperBound <= self.documents.upperBound)
        var from = 0
        while from < entries.count {
            let row = entries[from].row
            let run = entries[from...].prefix { $0.row == row }
            add(run, row: Int(row), of: documents)
            from = run.endIndex
        }
    }

    private func add(_ entries: ArraySlice<ScoreEntry>, row: Int, of documents: Range<Int>) {
        precondition(documents.contains(row), "a score of document \(row) came with the block \(documents)")
        let row = row - self.documents.lowerBound
        for entry in entries {
            precondition(entry.label >= 0 && Int(entry.label) < labels, "label \(entry.label) of \(labels)")
        }
        scores.insert(entries.lazy.filter { !$0.score.isNaN }.map { RankKey(score: $0.score, label: $0.label) }, row: row)
        priors.insert(entries.lazy.filter { !$0.prior.isNaN }.map { RankKey(score: $0.prior, label: $0.label) }, row: row)
    }

    /// What was added so far, as a learner's scores (without a re-ranker); the merger is empty afterwards.
    public func finish() -> LearnerScores {
        LearnerScores(clf: scores.matrix(cols: labels), knn: priors.matrix(cols: labels))
    }
}

/// The `capacity` best keys of each row.
private final class BestKeys {
    private let rows: Int
    private let capacity: Int
    /// Rows that are allocated together when the first key of theirs comes, and freed together.
    private static let chunk = 1024
    private var chunks: [Buffer<RankKey>?]
    private let counts: Buffer<Int32>
    /// The keys of the row at hand, old and new.
    private var keys: [RankKey] = []

    init(rows: Int, capacity: Int) {
        self.rows = rows
        self.capacity = capacity
        chunks = Array(repeating: nil, count: (rows + Self.chunk - 1) / Self.chunk)
        counts = Buffer(count: rows)
    }

    /// Where the keys of a row lie.
    private func slots(_ row: Int) -> BufferSlice<RankKey> {
        let number = row / Self.chunk, place = row % Self.chunk * capacity
        let keys = chunks[number] ?? Buffer(count: min(Self.chunk, rows - number * Self.chunk) * capacity)
        chunks[number] = keys
        return keys[place..<place + capacity]
    }

    func insert(_ new: some Sequence<RankKey>, row: Int) {
        let slots = slots(row), count = Int(counts[row])
        keys.removeAll(keepingCapacity: true)
        keys.append(contentsOf: new)
        if keys.isEmpty { return }
        keys.append(contentsOf: slots.prefix(count))
        if keys.count > capacity { _ = keys.select(capacity - 1) }
        let kept = min(keys.count, capacity)
        for i in 0..<kept { slots[i] = keys[i] }
        counts[row] = Int32(kept)
    }

    /// The keys as a matrix; each chunk is freed when it is copied.
    func matrix(cols: Int) -> CSRMatrix {
        let starts = Buffer<Int64>(count: rows + 1)
        for r in 0..<rows { starts[r + 1] = starts[r] + Int64(counts[r]) }
        let indices = Buffer<Int32>(count: Int(starts[rows]))
        let values = Buffer<Float>(count: Int(starts[rows]))
        for number in chunks.indices where chunks[number] != nil {
            for r in number * Self.chunk..<min(rows, (number + 1) * Self.chunk) {
                let row = slots(r).prefix(Int(counts[r])).sorted { $0.label < $1.label }
                for (i, key) in row.enumerated() {
                    indices[Int(starts[r]) + i] = key.label
                    values[Int(starts[r]) + i] = key.score
                }
                counts[r] = 0
            }
            chunks[number] = nil
        }
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: values)
    }
}
