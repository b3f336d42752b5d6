import Kernels
import Support

/// The random walk on the label–document graph that finds which labels belong together (xclib's `RandomWalk`).
public struct RandomWalk: Sendable, Equatable {
    public var steps = 50
    /// Probability of going back to the label where the walk began, before each step.
    public var restart = 0.2
    /// The most visited labels that are kept; the label itself is kept besides.
    public var keep = 10
    /// A label with more documents keeps only itself: its walk would reach everything.
    public var skipAbove = 5000

    public init() {}
}

/// How often a walk from each label comes by which labels: L×L, rows summing to 1, the label itself always among them.
///
/// - Parameters:
///   - labels: N×L.
///   - documents: L×N, its transpose.
///   - key: of Philox; draws are those of (key, label, step), so any rank can compute any row.
///   - own: only these rows; nil: all.
public func cooccurrence(
    labels: CSRMatrix, documents: CSRMatrix, key: (UInt32, UInt32), walk: RandomWalk = RandomWalk(), own: Range<Int>? = nil,
    team: ThreadTeam
) -> CSRMatrix {
    precondition(labels.rows == documents.cols && labels.cols == documents.rows && walk.steps >= 1 && walk.keep >= 1)
    let own = own ?? 0..<documents.rows, rows = own.count
    let width = min(walk.keep, walk.steps) + 1
    let counts = Buffer<Int>(count: rows)
    let ids = Buffer<Int32>(count: rows * width)
    let weights = Buffer<Float>(count: rows * width)
    team.forRanges(rows, grain: 16) { range in
        let memory = Buffer<Int32>(count: 5 * walk.steps + 2)
        var graph = dx_bipartite(
            document_starts: documents.starts.pointer, documents: documents.indices.pointer,
            label_starts: labels.starts.pointer, labels: labels.indices.pointer)
        for row in range {
            counts[row] = dx_walk_row(
                &graph, Int32(own.lowerBound + row), walk.steps, walk.restart, walk.keep, walk.skipAbove, [key.0, key.1],
                memory.pointer, ids.pointer + row * width, weights.pointer + row * width)
        }
    }
    return compact(counts, ids, weights, width: width, cols: documents.rows)
}

/// Rows of up to `width` entries, side by side, as a sparse matrix.
private func compact(
    _ counts: Buffer<Int>, _ ids: Buffer<Int32>, _ weights: Buffer<Float>, width: Int, cols: Int
) -> CSRMatrix {
    let rows = counts.count
    let starts = Buffer<Int64>(count: rows + 1)
    for row in 0..<rows { starts[row + 1] = starts[row] + Int64(counts[row]) }
    let indices = Buffer<Int32>(count: Int(starts[rows]))
    let values = Buffer<Float>(count: Int(starts[rows]))
    for row in 0..<rows {
        let from = row * width..<row * width + counts[row], to = Int(starts[row])..<Int(starts[row + 1])
        indices[to].update(from: ids[from])
        values[to].update(from: weights[from])
    }
    return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: values)
}
