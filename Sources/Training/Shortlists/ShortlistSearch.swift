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
    private let space: SearchSpace
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
        space = SearchSpace(encoder, config)
        let cut = SearchCut(context, methods), seed = Int(truncatingIfNeeded: context.seed), device = context.group.device
        let dims = space.dims
        let builders = cut.labels.map {
            LabelVectorBuilder(
                labels: $0, data: context.data, dims: dims, perLabel: context.config.extreme.shortlist.centroids, on: device)
        }
        let needsDocuments = config.shortlist.negativeSampling != .centroids
        let own = try Self.vectors(space, context, needsDocuments ? cut.ownDocuments : 0..<0, builders)
        if config.shortlist.hasLabelText { try Self.addTexts(space, context, builders) }
        documents =
            try !needsDocuments
            ? []
            : ProgressScope.building(methods.documents, cut.ownDocuments.count, "documents") { progress in
                try inParallel(cut.documents.count, device.team) { part in
                    let range = cut.documents[part], offset = range.lowerBound - cut.ownDocuments.lowerBound
                    let rows = own.rows(offset..<offset + range.count)
                    if isForManyCalls, methods.documents.method == .exact {
                        return device.packedSearch(over: rows, firstId: range.lowerBound)
                    }
                    return try methods.documents.search(over: rows, firstId: range.lowerBound, seed: seed, on: device, progress)
                }
            }
        let vectors = ProgressScope.stage("vectors of labels") { _ in builders.map { $0.finish() } }
        let labels = vectors.reduce(0) { $0 + $1.labelOf.count }
        centroids = try ProgressScope.building(methods.labels, labels, "labels") { progress in
            try inParallel(vectors.count, device.team) { part in
                let vectors = vectors[part], firstId = vectors.hasSeveral ? 0 : cut.labels[part].lowerBound
                if isForManyCalls, methods.labels.method == .exact {
                    return LabelSearch(vectors: vectors, search: device.packedSearch(over: vectors.matrix, firstId: firstId))
                }
                return LabelSearch(
                    vectors: vectors,
                    search: try methods.labels.search(over: vectors.matrix, firstId: firstId, seed: seed, on: device, progress))
            }
        }
    }

    /// The shortlists (num_nbrs labels a row) of this worker's slice of the rows of `features`.
    ///
    /// - Parameter control: of the learner in training, which may be stopped meanwhile.
    package func lists(_ features: CSRMatrix, stoppedBy control: LearnerControl? = nil) throws -> TopK {
        let rows = RowLists(group: group, rows: features.rows), k = config.shortlist.length
        let result = TopK(rows: rows.ownRows.count, k: k)
        try rows.forEachSliceBlock("searching for shortlists", stoppedBy: control) { block in
            let queries = try space.unitRows(block.flatMap { $0.map(Int32.init) }, of: features)
            let short =
                try config.shortlist.negativeSampling == .centroids
                ? centroids(queries, block, rows, k: k) : ensemble(queries, block, rows)
            result.replace(from: block[group.rank].lowerBound - rows.ownRows.lowerBound, with: short)
        }
        return result
    }

    /// The k labels with the nearest centroids, for this worker's rows of the block.
    private func centroids(_ queries: Tensor, _ block: [Range<Int>], _ rows: RowLists, k: Int) throws -> TopK {
        let found = try centroids.map { try $0.topK(queries: queries, k: k, on: group.device) }
        return try rows.merge(whole(found, queries, k: k), block: block, k: k)
    }

    /// γ·kNN + (1−γ)·centroid (DESIGN.md §1, module II).
    private func ensemble(_ queries: Tensor, _ block: [Range<Int>], _ rows: RowLists) throws -> TopK {
        // The original searches documents with a quarter of efS (its `construct_shortlist`).
        let neighbours = max(1, config.shortlist.efS / 4)
        let found = try documents.map { try $0.topK(queries: queries, k: neighbours) }
        let near = try rows.merge(whole(found, queries, k: neighbours), block: block, k: neighbours)
        let central = try centroids(queries, block, rows, k: config.shortlist.efS)
        let knn = group.device.labelScores(neighbours: near, labels: data.trainLabels, k: config.shortlist.efS),
            gamma = Float(config.shortlist.gamma)
        return group.device.blend(knn, weight: gamma, central, weight: 1 - gamma, k: config.shortlist.length)
    }

    /// What one search over all of this worker's parts finds; nothing where it has none.
    private func whole(_ parts: [TopK], _ queries: Tensor, k: Int) -> TopK {
        if parts.isEmpty { return TopK(rows: queries.rows, k: k) }
        return parts.count == 1 ? parts[0] : group.device.merge(parts, k: k)
    }

    /// Unit vectors of this worker's documents; those of its labels gather in `builders`.
    private static func vectors(
        _ space: SearchSpace, _ context: LearnerContext, _ slice: Range<Int>, _ builders: [LabelVectorBuilder]
    ) throws -> Tensor {
        let features = context.data.trainFeatures, n = features.rows, device = context.group.device
        let own = device.tensor(rows: slice.count, cols: paddedWidth(space.dims))
        try ProgressScope.stage("encoding documents", of: n, "documents") { progress in
            for from in stride(from: 0, to: n, by: RowLists.block) {
                let range = from..<min(from + RowLists.block, n)
                let x = try space.unitRows(range.map(Int32.init), of: features)
                let shared = slice.clamped(to: range)
                if !shared.isEmpty {
                    device.copy(
                        x.rows(shared.lowerBound - from..<shared.upperBound - from),
                        to: own.rows(shared.lowerBound - slice.lowerBound..<shared.upperBound - slice.lowerBound))
                }
                for builder in builders { builder.add(x, range) }
                progress.advance(to: range.upperBound)
            }
        }
        return own
    }

    /// The vectors of the labels' texts go to `builders`. Collective.
    private static func addTexts(_ space: SearchSpace, _ context: LearnerContext, _ builders: [LabelVectorBuilder]) throws {
        guard let texts = context.data.labelFeatures else {
            preconditionFailure("the data set was read without its labels' texts")
        }
        let labels = (0..<Int32(texts.rows)).filter { !texts.range(Int($0)).isEmpty }
        for from in stride(from: 0, to: labels.count, by: RowLists.block) {
            let named = Array(labels[from..<min(from + RowLists.block, labels.count)])
            let x = try space.unitRows(named, of: texts)
            for builder in builders { builder.add(texts: x, of: named) }
        }
    }
}

extension ProgressScope {
    /// Building a search over `count` vectors: only a graph takes long, and only there they are counted.
    fileprivate static func building<Result>(
        _ plan: SearchPlan, _ count: Int, _ unit: String, _ body: (ProgressStage) throws -> Result
    ) rethrows -> Result {
        try stage("building the search of \(unit)", of: plan.method == .graph ? count : nil, unit, body: body)
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

    func topK(queries: Tensor, k: Int, on device: any Device) throws -> TopK {
        try vectors.hasSeveral
            ? vectors.topK(search, queries: queries, k: k, on: device) : search.topK(queries: queries, k: k)
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
