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
    public func ids(_ row: Int) -> UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(start: indices.pointer + row * k, count: count(row))
    }

    /// The scores of a row, best first.
    public func scores(_ row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: scores.pointer + row * k, count: count(row))
    }
}

extension TopK {
    /// Puts the lists of `part` (of the same k) in place of the rows from `row` on.
    public func replace(from row: Int, with part: TopK) {
        precondition(part.k == k && row + part.rows <= rows)
        (indices.pointer + row * k).update(from: part.indices.pointer, count: part.rows * k)
        (scores.pointer + row * k).update(from: part.scores.pointer, count: part.rows * k)
    }
}
