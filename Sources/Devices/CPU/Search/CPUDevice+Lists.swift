import Kernels
import Support

extension CPUDevice {
    public func merge(_ lists: [TopK], k: Int) -> TopK { mergeLists(lists, k: k, team: team) }

    public func best(of scores: CSRMatrix, k: Int) -> TopK {
        let lists = TopK(rows: scores.rows, k: k)
        guard k > 0, let values = scores.values else { return lists }
        team.forRanges(scores.rows, grain: 8) { rows in
            let longest = rows.reduce(0) { max($0, scores.range($1).count) }
            let memory = Buffer<Int32>(count: 4 * longest), order = Buffer<Int32>(count: min(k, longest))
            for row in rows where !scores.range(row).isEmpty {
                let range = scores.range(row), ids = scores.indices.pointer + range.lowerBound
                let own = values.pointer + range.lowerBound
                let count = dx_top_k(own, ids, range.count, k, memory.pointer, order.pointer)
                for i in 0..<count {
                    lists.indices[row * k + i] = ids[Int(order[i])]
                    lists.scores[row * k + i] = own[Int(order[i])]
                }
            }
        }
        return lists
    }

    public func labelScores(neighbours: TopK, labels: CSRMatrix, k: Int) -> TopK {
        precondition(k >= 1)
        let scores = TopK(rows: neighbours.rows, k: k)
        let longest = (0..<labels.rows).reduce(0) { max($0, labels.range($1).count) }
        let capacity = min(labels.cols, neighbours.k * longest) + 1
        team.forRanges(neighbours.rows, grain: 64) { range in
            let sums = Buffer<Float>(count: labels.cols)
            let memory = Buffer<Int32>(count: 4 * capacity)
            sums.fill(-.infinity)
            dx_label_scores(
                neighbours.indices.pointer + range.lowerBound * neighbours.k,
                neighbours.scores.pointer + range.lowerBound * neighbours.k, range.count, neighbours.k,
                labels.starts.pointer, labels.indices.pointer, sums.pointer, memory.pointer, capacity, k,
                scores.indices.pointer + range.lowerBound * k, scores.scores.pointer + range.lowerBound * k)
        }
        return scores
    }

    public func blend(_ left: TopK, weight leftWeight: Float, _ right: TopK, weight rightWeight: Float, k: Int) -> TopK {
        precondition(k >= 1 && left.rows == right.rows, "lists of different queries")
        let blended = TopK(rows: left.rows, k: k)
        let capacity = max(1, left.k + right.k)
        team.forRanges(left.rows, grain: 64) { range in
            let memory = Buffer<Int32>(count: 8 * capacity), row = range.lowerBound
            dx_blend_lists(
                left.indices.pointer + row * left.k, left.scores.pointer + row * left.k, left.k, leftWeight,
                right.indices.pointer + row * right.k, right.scores.pointer + row * right.k, right.k, rightWeight, range.count,
                memory.pointer, capacity, k, blended.indices.pointer + row * k, blended.scores.pointer + row * k)
        }
        return blended
    }
}

/// See `SearchOperations.merge`.
func mergeLists(_ lists: [TopK], k: Int, team: ThreadTeam) -> TopK {
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
