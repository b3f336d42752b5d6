import Messages
import Support

/// Merges the top-k lists of label shards into the two matrices of a learner, each cut at `topK` a row.
///
/// Entries may come in any order and from any number of shards, each (row, label) once; the result doesn't depend on
/// the order. Memory: 16·rows·topK bytes (8 where a stage has no scores), also while they become the matrices. Not for
/// use by two threads at a time.
public final class ScoreMerger {
    public let rows: Int
    public let labels: Int
    public let topK: Int
    private let scores: BestKeys
    private let priors: BestKeys

    public init(rows: Int, labels: Int, topK: Int) {
        precondition(rows >= 0 && labels >= 0 && topK > 0)
        self.rows = rows
        self.labels = labels
        // A row cannot hold more labels than there are.
        self.topK = max(1, min(topK, labels))
        scores = BestKeys(rows: rows, capacity: self.topK)
        priors = BestKeys(rows: rows, capacity: self.topK)
    }

    /// Takes one worker's entries for a block of documents; their rows lie in `documents`, which lies in 0 ..< rows.
    public func add(documents: Range<Int>, entries: UnsafeBufferPointer<ScoreEntry>) {
        precondition(documents.lowerBound >= 0 && documents.upperBound <= rows)
        for entry in entries {
            precondition(documents.contains(Int(entry.row)), "a score of document \(entry.row) came with the block \(documents)")
            precondition(entry.label >= 0 && Int(entry.label) < labels, "label \(entry.label) of \(labels)")
            if !entry.score.isNaN { scores.insert(RankKey(score: entry.score, label: entry.label), row: Int(entry.row)) }
            if !entry.prior.isNaN { priors.insert(RankKey(score: entry.prior, label: entry.label), row: Int(entry.row)) }
        }
    }

    public func add(documents: Range<Int>, entries: [ScoreEntry]) {
        entries.withUnsafeBufferPointer { add(documents: documents, entries: $0) }
    }

    /// What was added so far, as a learner's scores (without a re-ranker); the merger is empty afterwards.
    public func finish() -> LearnerScores {
        LearnerScores(clf: scores.matrix(cols: labels), knn: priors.matrix(cols: labels))
    }
}

/// The `capacity` best keys of each row: a binary heap a row with the worst key at its root.
private final class BestKeys {
    private let rows: Int
    private let capacity: Int
    /// Rows that are allocated together when the first key of theirs comes, and freed together.
    private static let chunk = 1024
    private var chunks: [Buffer<RankKey>?]
    private let counts: Buffer<Int32>

    init(rows: Int, capacity: Int) {
        self.rows = rows
        self.capacity = capacity
        chunks = Array(repeating: nil, count: (rows + Self.chunk - 1) / Self.chunk)
        counts = Buffer(count: rows)
    }

    private func heap(_ row: Int) -> UnsafeMutablePointer<RankKey> {
        let number = row / Self.chunk, place = row % Self.chunk * capacity
        if let keys = chunks[number] { return keys.pointer + place }
        let keys = Buffer<RankKey>(count: min(Self.chunk, rows - number * Self.chunk) * capacity)
        chunks[number] = keys
        return keys.pointer + place
    }

    func insert(_ key: RankKey, row: Int) {
        let heap = heap(row), count = Int(counts[row])
        if count < capacity {
            counts[row] += 1
            siftUp(heap, from: count, key)
        } else if key < heap[0] {
            siftDown(heap, key)
        }
    }

    private func siftUp(_ heap: UnsafeMutablePointer<RankKey>, from position: Int, _ key: RankKey) {
        var at = position
        while at > 0, heap[(at - 1) / 2] < key {
            heap[at] = heap[(at - 1) / 2]
            at = (at - 1) / 2
        }
        heap[at] = key
    }

    private func siftDown(_ heap: UnsafeMutablePointer<RankKey>, _ key: RankKey) {
        var at = 0
        while 2 * at + 1 < capacity {
            var child = 2 * at + 1
            if child + 1 < capacity, heap[child] < heap[child + 1] { child += 1 }
            guard key < heap[child] else { break }
            heap[at] = heap[child]
            at = child
        }
        heap[at] = key
    }

    /// The keys as a matrix; each chunk is freed when it is copied.
    func matrix(cols: Int) -> CSRMatrix {
        let starts = Buffer<Int64>(count: rows + 1)
        for r in 0..<rows { starts[r + 1] = starts[r] + Int64(counts[r]) }
        let indices = Buffer<Int32>(count: Int(starts[rows]))
        let values = Buffer<Float>(count: Int(starts[rows]))
        for number in chunks.indices {
            guard let keys = chunks[number] else { continue }
            for r in number * Self.chunk..<min(rows, (number + 1) * Self.chunk) {
                let heap = keys.pointer + r % Self.chunk * capacity
                let row = UnsafeBufferPointer(start: heap, count: Int(counts[r]))
                for (i, key) in row.sorted(by: { $0.label < $1.label }).enumerated() {
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
