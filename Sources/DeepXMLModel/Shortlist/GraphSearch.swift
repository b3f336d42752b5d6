import CHNSW
import Support

#if canImport(Glibc)
    import Glibc
#endif

/// Approximate nearest neighbours by a hierarchical navigable small-world graph (hnswlib).
///
/// Vectors are inserted in row order by one thread, so that the graph does not depend on timing; `parts` graphs over equal
/// runs of rows are built side by side. Results depend on `parts` and the settings, never on the number of threads.
public final class GraphSearch: NeighbourSearch {
    /// The graph's settings, under their usual names.
    public struct Settings: Sendable, Equatable {
        /// Links a vector (twice as many on the lowest layer).
        // swift-format-ignore: AlwaysUseLowerCamelCase
        public var M: Int
        /// Candidates kept while building.
        public var efC: Int
        /// Candidates kept while searching; at least k are.
        public var efS: Int

        // swift-format-ignore: AlwaysUseLowerCamelCase
        public init(M: Int, efC: Int, efS: Int) {
            self.M = M
            self.efC = efC
            self.efS = efS
        }
    }

    private let parts: [GraphPart]
    public let count: Int

    /// - Parameters:
    ///   - database: M×D, unit rows; copied into the graph.
    ///   - firstId: id of the first row, for a slice of a larger database.
    ///   - seed: draws each vector's number of layers.
    /// - Throws: `Failure` when memory for the graph is refused.
    public init(
        database: DenseMatrix, firstId: Int = 0, settings: Settings, parts: Int = 1, seed: Int, team: ThreadTeam
    ) throws {
        let wanted = max(1, min(parts, database.rows))
        let rows = database.rows
        let cells = (0..<wanted).map { part in
            GraphPart(rows: rows * part / wanted..<rows * (part + 1) / wanted, firstId: firstId)
        }
        team.forEach(wanted) { cells[$0].build(database, settings, seed: UInt32(truncatingIfNeeded: seed)) }
        for cell in cells { try cell.check() }
        self.parts = cells
        count = rows
    }

    public func topK(queries: DenseMatrix, k: Int, team: ThreadTeam) throws -> TopK {
        precondition(k >= 1)
        let lists = parts.map { _ in TopK(rows: queries.rows, k: k) }
        for (part, list) in zip(parts, lists) {
            team.forRanges(queries.rows, grain: 4) { part.search(queries, $0, into: list) }
            try part.check()
        }
        return lists.count == 1 ? lists[0] : mergeTopK(lists, k: k, team: team)
    }
}

/// One graph over a run of rows. Built by one thread before any search; a search writes only its own rows of the lists.
private final class GraphPart: @unchecked Sendable {
    private let rows: Range<Int>
    private let firstId: Int
    private var graph: OpaquePointer?
    private let message = Buffer<CChar>(count: 256)

    init(rows: Range<Int>, firstId: Int) {
        self.rows = rows
        self.firstId = firstId
    }

    deinit { if let graph { chnsw_free(graph) } }

    func build(_ database: DenseMatrix, _ settings: GraphSearch.Settings, seed: UInt32) {
        guard !rows.isEmpty else { return }
        // hnswlib draws layers with 1/ln M: one link would divide by zero.
        graph = chnsw_build(
            database.row(rows.lowerBound), rows.count, database.cols, max(2, settings.M), max(1, settings.efC), seed,
            message.pointer, message.count)
        if let graph { chnsw_set_search_width(graph, max(1, settings.efS)) }
    }

    func search(_ queries: DenseMatrix, _ range: Range<Int>, into list: TopK) {
        guard let graph else { return }
        for query in range {
            let ids = list.indices.pointer + query * list.k
            let found = chnsw_search(
                graph, queries.row(query), list.k, ids, list.scores.pointer + query * list.k, message.pointer,
                message.count)
            for i in 0..<max(found, 0) { ids[i] += Int32(rows.lowerBound + firstId) }
        }
    }

    func check() throws {
        guard message[0] != 0 else { return }
        throw Failure(
            .outOfResources, "the neighbour graph could not be built or searched", found: String(cString: message.pointer),
            advice: "use more ranks, a smaller ann M, or more memory a node")
    }
}
