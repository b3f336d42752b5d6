import Kernels
import Support

/// Tiles of inner products, and of each tile only what beats the query's k-th best so far.
struct CPUExactSearch: NeighbourSearch {
    let database: Tensor
    let firstId: Int
    let team: ThreadTeam

    var count: Int { database.rows }

    func topK(queries: Tensor, k: Int) -> TopK {
        precondition(k >= 1 && queries.cols == database.cols && queries.isContiguous)
        let found = TopK(rows: queries.rows, k: k)
        let tile = Self.queriesPerTile(queries.rows, threads: team.size)
        team.forEach((queries.rows + tile - 1) / tile) { index in
            search(queries.rows(index * tile..<min((index + 1) * tile, queries.rows)), into: found, from: index * tile)
        }
        return found
    }

    private func search(_ queries: Tensor, into found: TopK, from first: Int) {
        let dims = queries.cols, k = found.k
        let memory = Buffer<UInt8>(count: dx_search_workspace(queries.rows, dims, k))
        dx_search_exact(
            queries.pointer, queries.rows, database.pointer, database.rows, dims, Int32(firstId), k, memory.pointer,
            found.indices.pointer + first * k, found.scores.pointer + first * k)
    }

    /// Whole groups of 12; enough of them that laying the database out anew for each tile costs under 3 %, and that every
    /// thread gets some.
    private static func queriesPerTile(_ queries: Int, threads: Int) -> Int {
        let share = (queries + 4 * threads - 1) / (4 * threads)
        return min(480, max(96, (share + 11) / 12 * 12))
    }
}
