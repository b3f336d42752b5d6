import Foundation
import Support

/// How scores of one learner's parts, and of several learners, become one (DESIGN.md §1 "Prediction").
///
/// All functions are per row, and parallel over rows where a team is given; the result doesn't depend on it.
public enum Scoring {
    /// β·m(σ(clf)) + (1−β)·m(σ(knn)) over the union of the two index sets; an absent entry counts 0.
    public static func combine(clf: CSRMatrix, knn: CSRMatrix, beta: Double, team: ThreadTeam? = nil) -> CSRMatrix {
        let a = squashed(clf, team: team)
        let b = squashed(knn, team: team)
        return sum(a, weight: Float(beta), b, weight: Float(1 - beta), team: team)
    }

    /// m(σ(x)): the logistic function of each stored entry, divided by the row's maximum. In (0, 1].
    public static func squashed(_ scores: CSRMatrix, team: ThreadTeam? = nil) -> CSRMatrix {
        let assembly = RowAssembly(rows: scores.rows, cols: scores.cols, team: team)
        return assembly.build {
            scores.range($0).count
        } fill: { row, slots in
            let columns = scores.columns(row)
            let logits = scores.weights(row)
            var largest: Float = 0
            for i in 0..<columns.count {
                slots.indices[i] = columns[i]
                slots.values[i] = 1 / (1 + exp(-logits[i]))
                largest = max(largest, slots.values[i])
            }
            // A row whose every logit underflows stays 0, as in the original.
            guard largest > 0 else { return }
            for i in 0..<columns.count { slots.values[i] /= largest }
        }
    }

    /// β·a + (1−β)·b of two stages' logits, for labels that both stages scored: a label without a logit of one stage
    /// has no combined logit (0 would be a probability of one half).
    public static func rerank(reranker a: CSRMatrix, firstStage b: CSRMatrix, beta: Double, team: ThreadTeam? = nil) -> CSRMatrix
    {
        precondition(a.rows == b.rows && a.cols == b.cols)
        let weight = Float(beta)
        let other = Float(1 - beta)
        return RowAssembly(rows: a.rows, cols: a.cols, team: team).build { row in
            var both = 0
            forEachColumn(a, b, row) { _, i, j in if i != nil, j != nil { both += 1 } }
            return both
        } fill: { row, slots in
            let x = a.weights(row)
            let y = b.weights(row)
            var at = 0
            forEachColumn(a, b, row) { column, i, j in
                guard let i, let j else { return }
                slots.indices[at] = column
                slots.values[at] = weight * x[i] + other * y[j]
                at += 1
            }
        }
    }

    /// Σ over learners, in the order given, over the union of their index sets. At least one learner.
    public static func ensemble(_ learners: [CSRMatrix], team: ThreadTeam? = nil) -> CSRMatrix {
        precondition(!learners.isEmpty)
        return learners.dropFirst().reduce(learners[0]) { sum($0, weight: 1, $1, weight: 1, team: team) }
    }

    /// Σ of weight · scores over learners, in the order given, over the union of their index sets; learners of weight 0 are
    /// left out. At least one weight is not 0.
    public static func weightedSum(_ learners: [CSRMatrix], weights: [Float], team: ThreadTeam? = nil) -> CSRMatrix {
        precondition(learners.count == weights.count)
        let parts = zip(learners, weights).filter { $0.1 != 0 }
        guard let first = parts.first else { preconditionFailure("an ensemble without a weight") }
        let start = sum(first.0, weight: first.1, first.0, weight: 0, team: team)
        return parts.dropFirst().reduce(start) { sum($0, weight: 1, $1.0, weight: $1.1, team: team) }
    }

    /// Each entry divided by its row's largest; rows without a positive entry stay.
    public static func shares(_ scores: CSRMatrix, team: ThreadTeam? = nil) -> CSRMatrix {
        RowAssembly(rows: scores.rows, cols: scores.cols, team: team).build {
            scores.range($0).count
        } fill: { row, slots in
            let columns = scores.columns(row), values = scores.weights(row)
            let largest = values.max() ?? 0, scale = largest > 0 ? largest : 1
            for i in 0..<columns.count { (slots.indices[i], slots.values[i]) = (columns[i], values[i] / scale) }
        }
    }

    /// a·x + b·y over the union of the index sets.
    package static func sum(_ x: CSRMatrix, weight a: Float, _ y: CSRMatrix, weight b: Float, team: ThreadTeam?) -> CSRMatrix {
        precondition(x.rows == y.rows && x.cols == y.cols)
        return RowAssembly(rows: x.rows, cols: x.cols, team: team).build { row in
            var union = 0
            forEachColumn(x, y, row) { _, _, _ in union += 1 }
            return union
        } fill: { row, slots in
            let u = x.weights(row)
            let v = y.weights(row)
            var at = 0
            forEachColumn(x, y, row) { column, i, j in
                slots.indices[at] = column
                slots.values[at] = (i.map { a * u[$0] } ?? 0) + (j.map { b * v[$0] } ?? 0)
                at += 1
            }
        }
    }

    /// Walks the union of two rows' columns in ascending order: the column and its position in each row that has it.
    @inline(__always)
    private static func forEachColumn(_ x: CSRMatrix, _ y: CSRMatrix, _ row: Int, _ body: (Int32, Int?, Int?) -> Void) {
        let p = x.columns(row)
        let q = y.columns(row)
        var i = 0
        var j = 0
        while i < p.count || j < q.count {
            if j == q.count || (i < p.count && p[i] < q[j]) {
                body(p[i], i, nil)
                i += 1
            } else if i == p.count || q[j] < p[i] {
                body(q[j], nil, j)
                j += 1
            } else {
                body(p[i], i, j)
                i += 1
                j += 1
            }
        }
    }
}
