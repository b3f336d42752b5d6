import Kernels
import Support

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
