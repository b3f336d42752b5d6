import Kernels
import Support

/// Scales the rows of an R×D matrix to length 1 in place; rows of zeros stay.
public func makeUnitRows(_ matrix: DenseMatrix, team: ThreadTeam) {
    team.forRanges(matrix.rows, grain: 64) { dx_unit_rows(matrix.row($0.lowerBound), $0.count, matrix.cols) }
}

/// Label centroids for a search: the mean of the encodings of a label's documents, made unit.
///
/// - Parameters:
///   - encodings: x̂, N×D, unit rows.
///   - documents: L×N, the training documents of each label.
///   - labels: the run of labels to compute (a shard).
/// - Returns: labels.count×D; a row of zeros for a label without documents.
public func labelCentroids(
    encodings: DenseMatrix, documents: CSRMatrix, labels: Range<Int>, team: ThreadTeam
) -> DenseMatrix {
    precondition(documents.cols == encodings.rows)
    let centroids = DenseMatrix(rows: labels.count, cols: encodings.cols)
    team.forRanges(labels.count, grain: 8) { range in
        let first = labels.lowerBound + range.lowerBound
        dx_mean_rows(
            encodings.pointer, encodings.cols, documents.starts.pointer, documents.indices.pointer, first,
            first + range.count, centroids.row(range.lowerBound))
    }
    makeUnitRows(centroids, team: team)
    return centroids
}

/// Label scores from neighbouring documents: the sum of the similarities of the neighbours that have the label, divided
/// by the row's largest sum (xclib's `ShortlistInstances`); the k best of each row.
///
/// - Parameters:
///   - neighbours: the nearest training documents of each query, with similarities.
///   - labels: N×L, the labels of each training document.
public func labelScores(neighbours: TopK, labels: CSRMatrix, k: Int, team: ThreadTeam) -> TopK {
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

/// The shortlist: γ·kNN + (1−γ)·centroid over the labels in either list, the k best (xclib's `ShortlistEnsemble`).
///
/// A label that is in one list only gets 0 from the other. Both lists hold the same queries.
public func ensembleShortlist(
    knn: TopK, centroid: TopK, gamma: Float = 0.075, k: Int = 500, team: ThreadTeam
) -> TopK {
    precondition(k >= 1 && knn.rows == centroid.rows, "lists of different queries")
    let shortlist = TopK(rows: knn.rows, k: k)
    let capacity = max(1, knn.k + centroid.k)
    team.forRanges(knn.rows, grain: 64) { range in
        let memory = Buffer<Int32>(count: 8 * capacity)
        let row = range.lowerBound
        dx_blend_lists(
            knn.indices.pointer + row * knn.k, knn.scores.pointer + row * knn.k, knn.k, gamma,
            centroid.indices.pointer + row * centroid.k, centroid.scores.pointer + row * centroid.k, centroid.k,
            1 - gamma, range.count, memory.pointer, capacity, k,
            shortlist.indices.pointer + row * k, shortlist.scores.pointer + row * k)
    }
    return shortlist
}
