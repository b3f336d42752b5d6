import Kernels
import Support

/// The largest products of queries with the vectors of a database, or with classifiers, that is laid out once. The same bits as
/// `CPUExactSearch` and `CPUDevice.bestLabels`, which lay it out anew for each search.
struct CPUPackedSearch: NeighbourSearch {
    let count: Int
    private let dims: Int
    private let firstId: Int
    private let team: ThreadTeam
    /// Groups of `group` vectors: number d of each, for every d.
    private let packed: Buffer<Float>
    private let bias: Tensor?
    private static let group = 32

    /// - Parameters:
    ///   - dims: numbers that count of each row of `database`; the others are padding.
    ///   - bias: one a row, added to its products.
    init(_ database: Tensor, dims: Int, firstId: Int, bias: Tensor?, team: ThreadTeam) {
        precondition(firstId + database.rows <= Int(Int32.max))
        (count, self.dims, self.firstId, self.bias, self.team) = (database.rows, dims, firstId, bias, team)
        packed = Buffer(count: dx_gemm_packed_size(max(1, count), dims))
        dx_gemm_pack(count, dims, database.pointer, 1, database.stride, packed.pointer)
    }

    func topK(queries: Tensor, k: Int) -> TopK {
        precondition(k >= 1 && queries.cols >= dims)
        if queries.rows < Self.leastQueries * team.size, team.size > 1, count > 1024 { return searchByParts(queries, k: k) }
        let found = TopK(rows: queries.rows, k: k), share = (queries.rows + team.size - 1) / team.size
        // Whole groups of 12 (tiles.h), at most what stays in the second-level cache.
        let height = min(480, max(12, (share + 11) / 12 * 12))
        team.forEach((queries.rows + height - 1) / height) { index in
            search(queries, index * height..<min((index + 1) * height, queries.rows), 0..<count, into: found)
        }
        return found
    }

    private static let leastQueries = 24

    /// For too few queries for all threads: the vectors are cut instead, at whole groups, and the lists merged.
    private func searchByParts(_ queries: Tensor, k: Int) -> TopK {
        let groups = (count + Self.group - 1) / Self.group, parts = team.size
        let lists = (0..<parts).map { _ in TopK(rows: queries.rows, k: k) }
        team.forEach(parts) { part in
            let to = min(count, groups * (part + 1) / parts * Self.group)
            search(queries, 0..<queries.rows, groups * part / parts * Self.group..<to, into: lists[part])
        }
        return mergeLists(lists, k: k, team: team)
    }

    private func search(_ queries: Tensor, _ rows: Range<Int>, _ part: Range<Int>, into found: TopK) {
        let k = found.k
        let memory = Buffer<UInt8>(count: dx_search_workspace(rows.count, dims, k))
        dx_search_packed(
            queries.row(rows.lowerBound), rows.count, packed.pointer + part.lowerBound * dims,
            bias.map { $0.row(part.lowerBound) }, part.count, dims, queries.stride, Int32(firstId + part.lowerBound), k,
            memory.pointer, found.indices.pointer + rows.lowerBound * k, found.scores.pointer + rows.lowerBound * k)
    }
}
