import Kernels
import Support

/// Exact nearest neighbours: tiles of inner products, and of each tile only what beats the query's k-th best so far.
///
/// A pair's similarity has the same bits whatever the tile, the number of threads, and the cut of queries or database are.
public struct ExactSearch: NeighbourSearch {
    private let database: DenseMatrix
    private let firstId: Int

    /// - Parameters:
    ///   - database: M×D, unit rows; read, not copied.
    ///   - firstId: id of the first row, for a slice of a larger database.
    public init(database: DenseMatrix, firstId: Int = 0) {
        precondition(firstId + database.rows <= Int(Int32.max))
        self.database = database
        self.firstId = firstId
    }

    public var count: Int { database.rows }

    public func topK(queries: DenseMatrix, k: Int, team: ThreadTeam) -> TopK {
        precondition(k >= 1 && queries.cols == database.cols)
        let found = TopK(rows: queries.rows, k: k)
        let tile = Self.queriesPerTile(queries.rows, threads: team.size)
        let dims = queries.cols
        team.forEach((queries.rows + tile - 1) / tile) { index in
            let first = index * tile
            let count = min(tile, queries.rows - first)
            let memory = Buffer<UInt8>(count: dx_search_workspace(count, dims, k))
            dx_search_exact(
                queries.row(first), count, database.pointer, database.rows, dims, Int32(firstId), k, memory.pointer,
                found.indices.pointer + first * k, found.scores.pointer + first * k)
        }
        return found
    }

    /// Whole groups of 12; enough of them that laying the database out anew for each tile costs under 3 %, and that every
    /// thread gets some.
    private static func queriesPerTile(_ queries: Int, threads: Int) -> Int {
        let share = (queries + 4 * threads - 1) / (4 * threads)
        return min(480, max(96, (share + 11) / 12 * 12))
    }
}
