import Kernels
import Support

/// Label centroids in feature space: each row is the sum of the features of a label's documents.
///
/// - Parameters:
///   - features: N×V, with values.
///   - documents: L×N, the training documents of each label.
///   - own: only these labels; nil: all.
/// - Returns: L×V.
public func labelCentroids(
    features: CSRMatrix, documents: CSRMatrix, own: Range<Int>? = nil, team: ThreadTeam
) -> CSRMatrix {
    precondition(features.values != nil && documents.cols == features.rows)
    let first = own?.lowerBound ?? 0, labels = own?.count ?? documents.rows
    let starts = Buffer<Int64>(count: labels + 1)
    team.forRanges(labels, grain: 16) { range in
        let stamps = Buffer<Int32>(count: features.cols)
        for label in range {
            let members = documents.range(first + label)
            let distinct = dx_count_distinct(
                features.starts.pointer, features.indices.pointer, documents.indices.pointer + members.lowerBound, members.count,
                Int32(label + 1),
                stamps.pointer)
            starts[label + 1] = Int64(distinct)
        }
    }
    for label in 0..<labels { starts[label + 1] += starts[label] }
    let entries = Int(starts[labels])
    let centroids = CSRMatrix(
        rows: labels, cols: features.cols, starts: starts, indices: Buffer(count: entries), values: Buffer(count: entries))
    team.forRanges(labels, grain: 16) { sumRows(features, documents, from: first, into: centroids, labels: $0) }
    return centroids
}

private func sumRows(
    _ features: CSRMatrix, _ documents: CSRMatrix, from firstLabel: Int, into centroids: CSRMatrix, labels: Range<Int>
) {
    let stamps = Buffer<Int32>(count: features.cols)
    let sums = Buffer<Float>(count: features.cols)
    let longest = labels.reduce(0) { max($0, centroids.range($1).count) }
    let spare = Buffer<Int32>(count: 3 * longest)
    for label in labels {
        let members = documents.range(firstLabel + label)
        let first = centroids.range(label).lowerBound
        dx_sum_sparse_rows(
            features.starts.pointer, features.indices.pointer, features.values!.pointer,
            documents.indices.pointer + members.lowerBound, members.count, Int32(label + 1), stamps.pointer, sums.pointer,
            spare.pointer,
            centroids.indices.pointer + first, centroids.values!.pointer + first)
    }
}
