import Kernels
import Support

/// Unit smoothed centroids ŝ_l = Σ_j w_lj c_j, left as a product of two sparse matrices.
///
/// Written out they are nearly dense (a head label's centroid has most features, and most labels co-occur with one), so
/// sums and inner products go through the few co-occurring labels instead.
public struct SmoothedCentroids: Sendable {
    /// L×L; row l divided by |Σ_j cooc_lj c_j|.
    let weights: CSRMatrix
    /// L×V.
    let centroids: CSRMatrix

    /// - Parameters:
    ///   - cooccurrence: L×L, `cooccurrence`.
    ///   - centroids: L×V, `labelCentroids`.
    public init(cooccurrence: CSRMatrix, centroids: CSRMatrix, team: ThreadTeam) {
        let norms = Buffer<Float>(count: cooccurrence.rows)
        let scaled = Buffer<Float>(count: cooccurrence.nonZeros)
        team.forRanges(cooccurrence.rows, grain: 16) { range in
            let sums = Buffer<Float>(count: centroids.cols)
            var weights = cooccurrence.kernelView
            var rows = centroids.kernelView
            dx_smoothed_norms(
                &weights, &rows, centroids.cols, range.lowerBound, range.upperBound, sums.pointer, norms.pointer)
            for row in range where norms[row] > 0 {
                for at in cooccurrence.range(row) { scaled[at] = cooccurrence.values![at] / norms[row] }
            }
        }
        weights = CSRMatrix(
            rows: cooccurrence.rows, cols: cooccurrence.cols, starts: cooccurrence.starts, indices: cooccurrence.indices,
            values: scaled)
        self.centroids = centroids
    }
}

extension CSRMatrix {
    /// For kernels; valid while the matrix lives.
    var kernelView: dx_sparse { dx_sparse(starts: starts.pointer, columns: indices.pointer, values: values!.pointer) }
}

/// The smoothed centroids of a node's labels, with the labels that they are made of numbered from 0.
public struct ClusterMembers {
    private let count: Int
    private let source: SmoothedCentroids
    /// Labels that some member's row is made of, ascending.
    private let parts: Buffer<Int32>
    /// count × parts.
    private let weights: CSRMatrix

    public init(_ labels: [Int32], of source: SmoothedCentroids) {
        count = labels.count
        self.source = source
        let all = labels.flatMap { source.weights.columns(Int($0)) }.sorted()
        var distinct: [Int32] = []
        for part in all where part != distinct.last { distinct.append(part) }
        parts = Buffer(distinct)
        let local = Dictionary(uniqueKeysWithValues: zip(distinct, Int32(0)...))
        weights = CSRMatrix(
            cols: distinct.count,
            rows: labels.map { label in
                zip(source.weights.columns(Int(label)), source.weights.weights(Int(label))).map { (local[$0]!, $1) }
            })
    }

    /// Cuts the members in two by balanced 2-means (cosine): 0 or 1 for each into `side`, ⌈count/2⌉ of 0.
    ///
    /// - Parameters:
    ///   - first: the members at which the two centroids begin.
    ///   - tolerance: rounds go on while the summed similarity gains this much.
    public func twoMeans(from first: (first: Int, second: Int), tolerance: Double, into side: Buffer<UInt8>) {
        precondition(side.count == count)
        let memory = Buffer<Float>(count: 3 * source.centroids.cols + parts.count + 2 * count)
        withKernelView { cluster in
            _ = dx_two_means_sparse(cluster, first.first, first.second, tolerance, memory.pointer, side.pointer)
        }
    }

    /// Inner products of all members: count×count.
    public func gram() -> DenseMatrix {
        let products = DenseMatrix(rows: count, cols: count)
        let memory = Buffer<UInt8>(count: dx_gram_workspace(count, parts.count))
        let localColumns = Buffer<Int32>(count: source.centroids.cols)
        localColumns.fill(-1)
        let byPart = weights.transposed()
        var transposed = dx_transposed(
            starts: byPart.starts.pointer, members: byPart.indices.pointer, weights: byPart.values!.pointer)
        withKernelView { dx_gram($0, &transposed, localColumns.pointer, memory.pointer, products.pointer) }
        return products
    }

    private func withKernelView(_ body: (UnsafePointer<dx_cluster>) -> Void) {
        var rows = source.centroids.kernelView
        withUnsafePointer(to: &rows) { rows in
            var cluster = dx_cluster(
                count: count, label_count: parts.count, dims: source.centroids.cols, starts: weights.starts.pointer,
                locals: weights.indices.pointer, weights: weights.values!.pointer,
                labels: parts.pointer, centroids: rows)
            body(&cluster)
        }
    }
}

extension DenseMatrix {
    /// The same cut as `ClusterMembers.twoMeans`, of members whose inner products these are.
    public func twoMeans(from first: (first: Int, second: Int), tolerance: Double, into side: Buffer<UInt8>) {
        precondition(rows == cols && side.count == rows)
        let memory = Buffer<Float>(count: 4 * rows)
        _ = dx_two_means_gram(pointer, rows, first.first, first.second, tolerance, memory.pointer, side.pointer)
    }
}
