import CHNSW
import Support

/// Graphs of hnswlib, each built by one thread.
final class CPUGraphSearch: NeighbourSearch {
    private let parts: [GraphPart]
    private let team: ThreadTeam
    let count: Int

    init(
        over database: Tensor, firstId: Int, settings: GraphSettings, parts: Int, seed: Int, team: ThreadTeam,
        progress: ProgressStage
    )
        throws
    {
        precondition(database.isContiguous)
        let wanted = max(1, min(parts, database.rows)), rows = database.rows
        let cells = (0..<wanted).map { part in
            GraphPart(rows: rows * part / wanted..<rows * (part + 1) / wanted, firstId: firstId)
        }
        team.forEach(wanted) { cells[$0].build(database, settings, seed: UInt32(truncatingIfNeeded: seed), progress) }
        for cell in cells { try cell.check() }
        (self.parts, self.team, count) = (cells, team, rows)
    }

    func topK(queries: Tensor, k: Int) throws -> TopK {
        precondition(k >= 1)
        let lists = parts.map { _ in TopK(rows: queries.rows, k: k) }
        for (part, list) in zip(parts, lists) {
            team.forRanges(queries.rows, grain: 4) { part.search(queries, $0, into: list) }
            try part.check()
        }
        return lists.count == 1 ? lists[0] : mergeLists(lists, k: k, team: team)
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

    func build(_ database: Tensor, _ settings: GraphSettings, seed: UInt32, _ progress: ProgressStage) {
        guard !rows.isEmpty else { return }
        // hnswlib draws layers with 1/ln M: one link would divide by zero.
        graph = withUnsafePointer(to: progress) { progress in
            chnsw_build(
                database.row(rows.lowerBound), rows.count, database.cols, max(2, settings.M), max(1, settings.efC), seed,
                { $0?.assumingMemoryBound(to: ProgressStage.self).pointee.advance(by: $1) },
                UnsafeMutableRawPointer(mutating: progress), message.pointer, message.count)
        }
        if let graph { chnsw_set_search_width(graph, max(1, settings.efS)) }
    }

    func search(_ queries: Tensor, _ range: Range<Int>, into list: TopK) {
        guard let graph else { return }
        for query in range {
            let ids = list.indices.pointer + query * list.k
            let found = chnsw_search(
                graph, queries.row(query), list.k, ids, list.scores.pointer + query * list.k, message.pointer, message.count)
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
