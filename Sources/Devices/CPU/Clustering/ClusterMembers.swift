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
        let all = 0..<cooccurrence.rows, norms = Self.norms(all, cooccurrence: cooccurrence, centroids: centroids, team: team)
        self.init(cooccurrence: cooccurrence, centroids: centroids, norms: norms)
    }

    /// |Σ_j cooc_lj c_j| of some rows l, at their places among L.
    public static func norms(
        _ own: Range<Int>, cooccurrence: CSRMatrix, centroids: CSRMatrix, team: ThreadTeam
    ) -> Buffer<Float> {
        let norms = Buffer<Float>(count: cooccurrence.rows)
        team.forRanges(own.count, grain: 16) { range in
            let sums = Buffer<Float>(count: centroids.cols), first = own.lowerBound
            var weights = cooccurrence.kernelView
            var rows = centroids.kernelView
            dx_smoothed_norms(
                &weights, &rows, centroids.cols, first + range.lowerBound, first + range.upperBound, sums.pointer,
                norms.pointer)
        }
        return norms
    }

    /// - Parameter norms: of all rows.
    public init(cooccurrence: CSRMatrix, centroids: CSRMatrix, norms: Buffer<Float>) {
        let scaled = Buffer<Float>(count: cooccurrence.nonZeros)
        for row in 0..<cooccurrence.rows where norms[row] > 0 {
            for at in cooccurrence.range(row) { scaled[at] = cooccurrence.values![at] / norms[row] }
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
        let starts = Buffer<Int64>(count: labels.count + 1), from = source.weights
        for (row, label) in labels.enumerated() { starts[row + 1] = starts[row] + Int64(from.range(Int(label)).count) }
        let columns = Buffer<Int32>(count: Int(starts[labels.count])), values = Buffer<Float>(count: columns.count)
        for (row, label) in labels.enumerated() {
            let to = Int(starts[row])..<Int(starts[row + 1])
            columns[to].update(from: from.columns(Int(label)))
            values[to].update(from: from.weights(Int(label)))
        }
        let distinct = Self.number(columns, below: from.cols)
        parts = Buffer(distinct)
        weights = CSRMatrix(rows: labels.count, cols: distinct.count, starts: starts, indices: columns, values: values)
    }

    /// Replaces each id by its place among the distinct ones, which ascend: by marks where many are there, else by looking each up.
    private static func number(_ ids: Buffer<Int32>, below end: Int) -> [Int32] {
        var distinct: [Int32] = []
        if ids.count >= end / 8 {
            let places = Buffer<Int32>(count: end)
            for i in 0..<ids.count { places[Int(ids[i])] = 1 }
            for id in 0..<end where places[id] > 0 {
                places[id] = Int32(distinct.count)
                distinct.append(Int32(id))
            }
            for i in 0..<ids.count { ids[i] = places[Int(ids[i])] }
        } else {
            for id in ids.array.sorted() where id != distinct.last { distinct.append(id) }
            let local = Dictionary(uniqueKeysWithValues: zip(distinct, Int32(0)...))
            for i in 0..<ids.count { ids[i] = local[ids[i]]! }
        }
        return distinct
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
