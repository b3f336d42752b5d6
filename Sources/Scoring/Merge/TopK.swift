import Support

extension Scoring {
    /// The k best entries of each row, columns ascending; ties go to the smaller label id.
    public static func topK(_ scores: CSRMatrix, _ k: Int, team: ThreadTeam? = nil) -> CSRMatrix {
        precondition(k >= 0)
        let assembly = RowAssembly(rows: scores.rows, cols: scores.cols, team: team)
        return assembly.build {
            min(k, scores.range($0).count)
        } fill: { row, slots in
            let columns = scores.columns(row)
            let values = scores.weights(row)
            let worst = worstKept(columns, values, k)
            var at = 0
            for i in 0..<columns.count where k > 0 && RankKey(score: values[i], label: columns[i]) <= worst {
                slots.indices[at] = columns[i]
                slots.values[at] = values[i]
                at += 1
            }
        }
    }

    /// The entries of each row that score at least `threshold`.
    public static func atLeast(_ threshold: Float, of scores: CSRMatrix, team: ThreadTeam? = nil) -> CSRMatrix {
        RowAssembly(rows: scores.rows, cols: scores.cols, team: team).build { row in
            scores.weights(row).count { $0 >= threshold }
        } fill: { row, slots in
            let columns = scores.columns(row), values = scores.weights(row)
            var at = 0
            for i in 0..<columns.count where values[i] >= threshold {
                (slots.indices[at], slots.values[at]) = (columns[i], values[i])
                at += 1
            }
        }
    }

    /// The entries of each row that are not among `pairs`, of the same shape.
    package static func without(_ pairs: CSRMatrix, in scores: CSRMatrix, team: ThreadTeam? = nil) -> CSRMatrix {
        precondition(pairs.rows == scores.rows)
        return RowAssembly(rows: scores.rows, cols: scores.cols, team: team).build { row in
            let removed = pairs.columns(row)
            return scores.columns(row).count { !removed.holds($0) }
        } fill: { row, slots in
            let columns = scores.columns(row), values = scores.weights(row), removed = pairs.columns(row)
            var at = 0
            for i in 0..<columns.count where !removed.holds(columns[i]) {
                (slots.indices[at], slots.values[at]) = (columns[i], values[i])
                at += 1
            }
        }
    }

    /// The k best labels of a row, best first (fewer where the row is shorter).
    public static func ranking(_ scores: CSRMatrix, row: Int, k: Int) -> [RankKey] {
        var ranked = [RankKey](repeating: .last, count: k)
        return Array(ranked[..<DocumentRanking(scores: scores, filter: nil).best(row, into: &ranked)])
    }

    /// The key of the k-th best entry of a row; `last` where the row has no more than k.
    private static func worstKept(_ columns: BufferSlice<Int32>, _ values: BufferSlice<Float>, _ k: Int) -> RankKey {
        guard k > 0, columns.count > k else { return .last }
        return withUnsafeTemporaryAllocation(of: RankKey.self, capacity: columns.count) { memory in
            var keys = memory
            for i in 0..<columns.count { keys[i] = RankKey(score: values[i], label: columns[i]) }
            return keys.select(k - 1)
        }
    }
}
