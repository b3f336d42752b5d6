import Foundation
import Support

/// The best labels of documents by their logits, as scores: m(σ(logit)), as `Scoring.squashed` has them.
package struct LabelLists: Sendable {
    private let lists: TopK

    /// - Parameter lists: labels by original id, best first.
    package init(_ lists: TopK) {
        self.lists = lists
        for row in 0..<lists.rows {
            let scores = lists.scores(row)
            for i in scores.indices { scores[i] = 1 / (1 + exp(-scores[i])) }
            guard let largest = scores.first, largest > 0 else { continue }
            for i in scores.indices { scores[i] /= largest }
        }
    }

    /// Whether the label behind the first `k` scores no less than the last of them.
    package func isTied(_ row: Int, at k: Int) -> Bool {
        let scores = lists.scores(row)
        return scores.count > k && k > 0 && scores[k] >= scores[k - 1]
    }

    /// The first `k` of each row, labels ascending.
    package func matrix(cols: Int, keeping k: Int, team: ThreadTeam) -> CSRMatrix {
        RowAssembly(rows: lists.rows, cols: cols, team: team).build {
            min(k, lists.count($0))
        } fill: { row, slots in
            let ids = lists.ids(row), scores = lists.scores(row)
            let order = (0..<min(k, ids.count)).sorted { ids[$0] < ids[$1] }
            for (at, i) in order.enumerated() { (slots.indices[at], slots.values[at]) = (ids[i], scores[i]) }
        }
    }
}

extension CSRMatrix {
    /// This matrix with other rows in the places `places` (ascending).
    package func replacing(_ places: [Int], by other: CSRMatrix) -> CSRMatrix {
        var source = [Int: Int]()
        for (at, place) in places.enumerated() { source[place] = at }
        let from = source
        return RowAssembly(rows: rows, cols: cols, team: nil).build { row in
            from[row].map { other.range($0).count } ?? self.range(row).count
        } fill: { row, slots in
            let (matrix, row) = from[row].map { (other, $0) } ?? (self, row)
            slots.indices.update(from: matrix.columns(row))
            slots.values.update(from: matrix.weights(row))
        }
    }
}
