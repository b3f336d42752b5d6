import Config
import Datasets
import DeepXMLModel
import Devices
import Support
import Synchronization
import Transport

/// Module II over a group: shortlists from the label centroids and the nearest training documents, in the space of x̂ or z.
///
/// Each worker searches its own labels and its own slice of the documents, for all queries, block by block; the parts of
/// a query's lists meet at the worker that owns the query.
package final class ShortlistSearch {
    package let methods: SearchMethods
    private let group: WorkerGroup
    private let encoding: Encoding
    private let data: XCDataset
    private let config: ModuleConfig
    /// Of this worker, over documents and over labels: one search, or a graph for each of its parts.
    private let documents: [any NeighbourSearch]
    private let centroids: [LabelSearch]

    /// Encodes all training documents and builds both searches.
    ///
    /// - Parameters:
    ///   - encoder: as it is now; it must not be trained on while the search is used.
    ///   - isForManyCalls: with a few documents each: vectors are laid out for that, which takes as much memory again.
    package init(_ context: LearnerContext, encoder: any GroupEncoder, methods: SearchMethods, isForManyCalls: Bool = false)
        throws
    {
        self.methods = methods
        group = context.group
        data = context.data
        config = context.config.extreme
        encoding = Encoding(encoder, config)
        let cut = SearchCut(context, methods), seed = Int(truncatingIfNeeded: context.seed), team = context.group.team
        let encoding = self.encoding,
            builders = cut.labels.map {
                LabelVectorBuilder(
                    labels: $0, data: context.data, dims: encoding.dims, perLabel: context.config.extreme.numCentroids)
            }
        let own = try Self.vectors(encoding, context, cut.ownDocuments, builders)
        documents = try inParallel(cut.documents.count, team) { part in
            let range = cut.documents[part], offset = range.lowerBound - cut.ownDocuments.lowerBound
            let rows = DenseMatrix(
                rows: range.count, cols: own.cols,
                buffer: Buffer(viewing: own.row(offset), count: range.count * own.cols, owner: own))
            if isForManyCalls, methods.documents.method == .exact {
                return PackedSearch(database: rows, firstId: range.lowerBound)
            }
            return try methods.documents.search(over: rows, firstId: range.lowerBound, seed: seed, team: team)
        }
        let vectors = builders.map { $0.finish(team: team) }
        centroids = try inParallel(vectors.count, team) { part in
            let vectors = vectors[part], firstId = vectors.hasSeveral ? 0 : cut.labels[part].lowerBound
            if isForManyCalls, methods.labels.method == .exact {
                return LabelSearch(vectors: vectors, search: PackedSearch(database: vectors.matrix, firstId: firstId))
            }
            return LabelSearch(
                vectors: vectors,
                search: try methods.labels.search(over: vectors.matrix, firstId: firstId, seed: seed, team: team))
        }
    }

    /// The shortlists (num_nbrs labels a row) of this worker's slice of the rows of `features`.
    package func lists(_ features: CSRMatrix) throws -> TopK {
        let rows = RowLists(group: group, rows: features.rows), k = config.numNbrs
        let result = TopK(rows: rows.ownRows.count, k: k)
        for block in rows.sliceBlocks {
            let queries = try encoding.unitRows(block.flatMap { $0.map(Int32.init) }, of: features, team: group.team)
            let short =
                try config.nsMethod == "kcentroid" ? centroids(queries, block, rows, k: k) : ensemble(queries, block, rows)
            result.replace(from: block[group.rank].lowerBound - rows.ownRows.lowerBound, with: short)
        }
        return result
    }

    /// The k labels with the nearest centroids, for this worker's rows of the block.
    private func centroids(_ queries: DenseMatrix, _ block: [Range<Int>], _ rows: RowLists, k: Int) throws -> TopK {
        let found = try centroids.map { try $0.topK(queries: queries, k: k, team: group.team) }
        return try rows.merge(whole(found, queries, k: k), block: block, k: k)
    }

    /// γ·kNN + (1−γ)·centroid (DESIGN.md §1, module II).
    private func ensemble(_ queries: DenseMatrix, _ block: [Range<Int>], _ rows: RowLists) throws -> TopK {
        // The original searches documents with a quarter of efS (its `construct_shortlist`).
        let neighbours = max(1, config.efS / 4)
        let found = try documents.map { try $0.topK(queries: queries, k: neighbours, team: group.team) }
        let near = try rows.merge(whole(found, queries, k: neighbours), block: block, k: neighbours)
        let central = try centroids(queries, block, rows, k: config.efS)
        let knn = labelScores(neighbours: near, labels: data.trainLabels, k: config.efS, team: group.team)
        return ensembleShortlist(
            knn: knn, centroid: central, gamma: Float(config.gamma), k: config.numNbrs, team: group.team)
    }

    /// What one search over all of this worker's parts finds; nothing where it has none.
    private func whole(_ parts: [TopK], _ queries: DenseMatrix, k: Int) -> TopK {
        if parts.isEmpty { return TopK(rows: queries.rows, k: k) }
        return parts.count == 1 ? parts[0] : mergeTopK(parts, k: k, team: group.team)
    }

    /// Unit vectors of this worker's documents; those of its labels gather in `builders`.
    private static func vectors(
        _ encoding: Encoding, _ context: LearnerContext, _ slice: Range<Int>, _ builders: [LabelVectorBuilder]
    ) throws -> DenseMatrix {
        let features = context.data.trainFeatures, n = features.rows, team = context.group.team
        let own = DenseMatrix(rows: slice.count, cols: paddedWidth(encoding.dims))
        for from in stride(from: 0, to: n, by: RowLists.block) {
            let range = from..<min(from + RowLists.block, n)
            let x = try encoding.unitRows(range.map(Int32.init), of: features, team: team)
            let shared = slice.clamped(to: range)
            if !shared.isEmpty {
                own.row(shared.lowerBound - slice.lowerBound).update(
                    from: x.row(shared.lowerBound - from), count: shared.count * own.cols)
            }
            for builder in builders { builder.add(x, range) }
        }
        return own
    }
}

/// Which documents and labels a worker searches, and into how many parts its searches are cut.
private struct SearchCut {
    let ownDocuments: Range<Int>
    let documents: [Range<Int>]
    let labels: [Range<Int>]

    init(_ context: LearnerContext, _ methods: SearchMethods) {
        let own = methods.parts(of: context.group.rank, of: context.group.size), shards = context.shards
        let slices = evenRanges(context.data.trainFeatures.rows, parts: methods.workers)
        documents = Self.parts(own.map { slices[$0] }, methods.documents)
        labels = Self.parts(own.map { shards.labels(ofWorker: $0, workers: methods.workers) }, methods.labels)
        ownDocuments = (documents.first?.lowerBound ?? 0)..<(documents.last?.upperBound ?? 0)
    }

    /// An exact search finds the same over any parts, and is quickest over one.
    private static func parts(_ parts: [Range<Int>], _ plan: SearchPlan) -> [Range<Int>] {
        guard plan.method == .exact, let first = parts.first, let last = parts.last else { return parts }
        return [first.lowerBound..<last.upperBound]
    }
}

/// A search over the vectors of some neighbouring labels.
private struct LabelSearch: Sendable {
    let vectors: LabelVectors
    let search: any NeighbourSearch

    func topK(queries: DenseMatrix, k: Int, team: ThreadTeam) throws -> TopK {
        try vectors.hasSeveral
            ? vectors.topK(search, queries: queries, k: k, team: team) : search.topK(queries: queries, k: k, team: team)
    }
}

/// `body(0) … body(count-1)`, each on a thread of its own where the team has enough.
private func inParallel<Result: Sendable>(
    _ count: Int, _ team: ThreadTeam, _ body: @escaping @Sendable (Int) throws -> Result
) throws -> [Result] {
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    team.forEach(count) { index in
        let result = Swift.Result { try body(index) }
        results.withLock { $0[index] = result }
    }
    return try results.withLock { found in try (0..<count).map { try found[$0]!.get() } }
}
