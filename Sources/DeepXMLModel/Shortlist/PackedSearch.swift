import Devices
import Kernels
import Support

/// The largest products of queries with the vectors of a database, or with classifiers, that is laid out once: for many
/// searches of a few queries each. The same bits as `ExactSearch` and `OneVsAllTopK`, which lay it out anew for each.
///
/// A query costs M·D multiply-adds; laying out costs about as much as twelve queries.
public struct PackedSearch: NeighbourSearch {
    public let count: Int
    private let dims: Int
    private let firstId: Int
    /// Groups of `group` vectors: number d of each, for every d.
    private let packed: Buffer<Float>
    private let bias: DenseMatrix?
    private static let group = 32

    /// Over unit vectors, M×D.
    ///
    /// - Parameter firstId: id of the first row.
    public init(database: DenseMatrix, firstId: Int = 0) {
        self.init(database, dims: database.cols, firstId: firstId, bias: nil)
    }

    /// Over the classifiers of a shard: products are logits, ids are labels.
    public init(_ classifier: ClassifierShard) {
        self.init(
            classifier.device.matrix(classifier.weight.value), dims: classifier.dims, firstId: classifier.labels.lowerBound,
            bias: classifier.device.matrix(classifier.bias.value))
    }

    private init(_ rows: DenseMatrix, dims: Int, firstId: Int, bias: DenseMatrix?) {
        (count, self.dims, self.firstId, self.bias) = (rows.rows, dims, firstId, bias)
        packed = Buffer(count: dx_gemm_packed_size(max(1, rows.rows), dims))
        dx_gemm_pack(rows.rows, dims, rows.pointer, 1, rows.cols, packed.pointer)
    }

    public func topK(queries: DenseMatrix, k: Int, team: ThreadTeam) -> TopK {
        topK(queries.pointer, rows: queries.rows, stride: queries.cols, k: k, team: team)
    }

    /// The k best ids of each query, ties by smaller id.
    ///
    /// - Parameters:
    ///   - queries: `rows` vectors.
    ///   - stride: from one to the next.
    public func topK(_ queries: UnsafePointer<Float>, rows: Int, stride: Int, k: Int, team: ThreadTeam) -> TopK {
        precondition(k >= 1)
        nonisolated(unsafe) let queries = queries
        // Too few queries for all threads: the vectors are cut instead, at whole groups, and the lists merged.
        if rows < Self.leastQueries * team.size, team.size > 1, count > 1024 {
            let groups = (count + Self.group - 1) / Self.group, parts = team.size
            let lists = (0..<parts).map { _ in TopK(rows: rows, k: k) }
            team.forEach(parts) { part in
                let to = min(count, groups * (part + 1) / parts * Self.group)
                search(queries, 0..<rows, stride, groups * part / parts * Self.group..<to, into: lists[part])
            }
            return mergeTopK(lists, k: k, team: team)
        }
        let found = TopK(rows: rows, k: k), share = (rows + team.size - 1) / team.size
        // Whole groups of 12 (tiles.h), at most what stays in the second-level cache.
        let height = min(480, max(12, (share + 11) / 12 * 12))
        team.forEach((rows + height - 1) / height) { index in
            search(queries, index * height..<min((index + 1) * height, rows), stride, 0..<count, into: found)
        }
        return found
    }

    private static let leastQueries = 24

    private func search(
        _ queries: UnsafePointer<Float>, _ rows: Range<Int>, _ stride: Int, _ part: Range<Int>, into found: TopK
    ) {
        let k = found.k
        let memory = Buffer<UInt8>(count: dx_search_workspace(rows.count, dims, k))
        dx_search_packed(
            queries + rows.lowerBound * stride, rows.count, packed.pointer + part.lowerBound * dims,
            bias.map { $0.pointer + part.lowerBound }, part.count, dims, stride, Int32(firstId + part.lowerBound), k,
            memory.pointer, found.indices.pointer + rows.lowerBound * k, found.scores.pointer + rows.lowerBound * k)
    }
}
