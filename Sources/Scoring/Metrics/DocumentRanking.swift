import Support

/// Which labels a document's predictions rank first: the one rule of all metrics.
package struct DocumentRanking: Sendable {
    package let scores: CSRMatrix
    /// (document, label) pairs that are no predictions.
    package let filter: CSRMatrix?

    /// The best predictions of a row, best first, without filtered pairs, as many as `ranked` has room for; returns how many
    /// there are.
    package func best(_ row: Int, into ranked: inout [RankKey]) -> Int {
        let columns = scores.columns(row), values = scores.weights(row), removed = filter?.columns(row)
        return withUnsafeTemporaryAllocation(of: RankKey.self, capacity: columns.count + 1) { memory in
            var count = 0
            for i in 0..<columns.count where !(removed?.holds(columns[i]) ?? false) {
                memory[count] = RankKey(score: values[i], label: columns[i])
                count += 1
            }
            var keys = memory.prefix(count)
            let found = min(count, ranked.count)
            if count > found, found > 0 { _ = keys.select(found - 1) }
            keys[..<found].sort()
            for i in 0..<found { ranked[i] = keys[i] }
            return found
        }
    }
}
