/// The k best columns of each row: labels or documents, by descending score, ties by smaller id.
public struct TopK: Sendable {
    public let rows: Int
    public let k: Int
    /// rows×k ids; −1 stands after a row's last entry.
    public let indices: Buffer<Int32>
    /// rows×k scores; −∞ beside an id of −1.
    public let scores: Buffer<Float>

    /// Lists without an entry.
    public init(rows: Int, k: Int) {
        self.rows = rows
        self.k = k
        indices = Buffer(count: rows * k)
        scores = Buffer(count: rows * k)
        indices.fill(-1)
        scores.fill(-.infinity)
    }

    /// Lists that lie in `indices` and `scores`, rows×k each, padded as described there.
    public init(rows: Int, k: Int, indices: Buffer<Int32>, scores: Buffer<Float>) {
        precondition(indices.count == rows * k && scores.count == rows * k)
        self.rows = rows
        self.k = k
        self.indices = indices
        self.scores = scores
    }

    /// Entries of a row, without padding.
    public func count(_ row: Int) -> Int {
        var count = k
        while count > 0 && indices[row * k + count - 1] < 0 { count -= 1 }
        return count
    }

    /// The ids of a row, best first.
    public func ids(_ row: Int) -> BufferSlice<Int32> { indices[row * k..<row * k + count(row)] }

    /// The scores of a row, best first.
    public func scores(_ row: Int) -> BufferSlice<Float> { scores[row * k..<row * k + count(row)] }
}

extension TopK {
    /// Puts the lists of `part` (of the same k) in place of the rows from `row` on.
    public func replace(from row: Int, with part: TopK) {
        precondition(part.k == k && row + part.rows <= rows)
        indices[row * k..<(row + part.rows) * k].update(from: part.indices.all)
        scores[row * k..<(row + part.rows) * k].update(from: part.scores.all)
    }

    /// Copies some rows of other lists of the same k to the rows from `row` on.
    public func replace(from row: Int, with other: TopK, rows part: Range<Int>) {
        precondition(other.k == k)
        if part.isEmpty { return }
        indices[row * k..<(row + part.count) * k].update(from: other.indices[part.lowerBound * k..<part.upperBound * k])
        scores[row * k..<(row + part.count) * k].update(from: other.scores[part.lowerBound * k..<part.upperBound * k])
    }

    /// Leaves the first `count` entries of a row.
    public func truncate(_ row: Int, to count: Int) {
        indices[row * k + count..<(row + 1) * k].fill(-1)
        scores[row * k + count..<(row + 1) * k].fill(-.infinity)
    }
}
