import Support

/// Which labels a document's predictions rank first: the one rule of all metrics.
package struct DocumentRanking: Sendable {
    package let scores: CSRMatrix
    /// (document, label) pairs that are no predictions.
    package let filter: CSRMatrix?

    /// The best predictions of a row, best first, without filtered pairs, as many as `ranked` has room for; returns how many
    /// there are.
    package func best(_ row: Int, into ranked: inout [RankKey]) -> Int {
        let k = ranked.count
        let columns = scores.columns(row)
        let values = scores.weights(row)
        let removed = filter?.columns(row)
        var found = 0
        for i in 0..<columns.count {
            let key = RankKey(score: values[i], label: columns[i])
            if found == k, ranked[k - 1] < key { continue }
            if let removed, removed.holds(columns[i]) { continue }
            var at = min(found, k - 1)
            while at > 0, key < ranked[at - 1] {
                ranked[at] = ranked[at - 1]
                at -= 1
            }
            ranked[at] = key
            found = min(found + 1, k)
        }
        return found
    }
}

extension UnsafeBufferPointer<Int32> {
    /// Whether an ascending list has the element.
    package func holds(_ element: Int32) -> Bool {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == element
    }
}
