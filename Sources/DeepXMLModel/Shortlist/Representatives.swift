import Devices
import Support

/// Several unit vectors for one label, by spherical k-means of its documents' unit vectors (Dhillon & Modha, Machine
/// Learning 2001): what a head label's documents have in common is less than what each kind of them has.
///
/// The same for any number of threads: documents in their order, ties to the smaller cluster, a start that is spread evenly
/// over the documents.
///
/// - Parameters:
///   - documents: M×ld unit rows.
///   - dims: D of them.
///   - count: vectors wanted; no more than M come back.
///   - rounds: of assignment and mean.
/// - Returns: min(count, M)×ld unit rows.
public func representatives(of documents: DenseMatrix, dims: Int, count: Int, rounds: Int = 10, team: ThreadTeam) -> DenseMatrix {
    let clusters = min(count, documents.rows), ld = documents.cols
    let means = DenseMatrix(rows: clusters, cols: ld), nearest = Buffer<Int32>(count: documents.rows)
    for cluster in 0..<clusters { means.row(cluster).update(from: documents.row(cluster * documents.rows / clusters), count: ld) }
    for _ in 0..<rounds {
        assign(documents, to: means, dims: dims, nearest, team: team)
        let sums = DenseMatrix(rows: clusters, cols: ld)
        var members = [Int](repeating: 0, count: clusters)
        for document in 0..<documents.rows {
            accumulate(documents.row(document), into: sums.row(Int(nearest[document])), count: ld)
            members[Int(nearest[document])] += 1
        }
        // A cluster that lost all documents keeps its place.
        for cluster in 0..<clusters where members[cluster] > 0 { means.row(cluster).update(from: sums.row(cluster), count: ld) }
        makeUnitRows(means, team: team)
    }
    return means
}

private func assign(_ documents: DenseMatrix, to means: DenseMatrix, dims: Int, _ nearest: Buffer<Int32>, team: ThreadTeam) {
    let ld = documents.cols
    team.forRanges(documents.rows, grain: 64) { range in
        let products = Buffer<Float>(count: range.count * means.rows)
        Gemm.timesTransposed(
            m: range.count, n: means.rows, k: dims, documents.row(range.lowerBound), lda: ld, means.pointer, ldb: ld,
            into: products.pointer, ldc: means.rows)
        for (i, document) in range.enumerated() {
            var best = 0
            for cluster in 1..<max(1, means.rows)
            where products[i * means.rows + cluster] > products[i * means.rows + best] { best = cluster }
            nearest.pointer[document] = Int32(best)
        }
    }
}
