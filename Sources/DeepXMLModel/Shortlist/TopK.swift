import Buffers
import Kernels

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

/// The k best over lists of the same queries, whose ids are distinct (shards of one database).
///
/// Merging the lists of any cut of a database gives what one search over all of it gives.
public func mergeTopK(_ lists: [TopK], k: Int, team: ThreadTeam) -> TopK {
    guard let first = lists.first else { return TopK(rows: 0, k: k) }
    precondition(lists.allSatisfy { $0.rows == first.rows }, "lists of different queries")
    let merged = TopK(rows: first.rows, k: k)
    let width = max(1, lists.reduce(0) { $0 + $1.k })
    team.forRanges(first.rows, grain: 16) { range in
        let memory = Buffer<Int32>(count: 4 * width)
        dx_merge_lists(
            lists.map { UnsafePointer($0.indices.pointer) }, lists.map { UnsafePointer($0.scores.pointer) },
            lists.map(\.k), lists.count, range.lowerBound, range.upperBound, memory.pointer, width, k,
            merged.indices.pointer, merged.scores.pointer)
    }
    return merged
}

extension TopK {
    /// Makes the k best of the given (id, score) pairs the list of row `row`.
    public func set(_ row: Int, ids: UnsafeBufferPointer<Int32>, scores given: UnsafeBufferPointer<Float>) {
        precondition(ids.count == given.count)
        guard let id = ids.baseAddress, let score = given.baseAddress, k > 0 else { return }
        let kept = min(k, ids.count)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 4 * ids.count + kept) { memory in
            let order = memory.baseAddress! + 4 * ids.count
            let count = dx_top_k(score, id, ids.count, k, memory.baseAddress!, order)
            for i in 0..<count {
                indices.pointer[row * k + i] = id[Int(order[i])]
                scores.pointer[row * k + i] = score[Int(order[i])]
            }
        }
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
