import Buffers
import DeepXMLModel
import Transport
import XCData

/// Module II over a group: shortlists from the label centroids and the nearest training documents, in the space of x̂ or z.
///
/// Each worker searches its own labels and its own slice of the documents, for all queries, block by block; the parts of
/// a query's lists meet at the worker that owns the query.
final class ShortlistSearch {
    private let group: WorkerGroup
    private let encoding: Encoding
    private let data: XCDataset
    private let config: ModuleConfig
    private let documents: any NeighbourSearch
    private let centroids: any NeighbourSearch
    private let labelVectors: LabelVectors
    /// Lines for the log: which searches were chosen, and why.
    let reasons: [String]

    /// Encodes all training documents and builds both searches.
    ///
    /// - Parameter seed: of the graphs, where they are built.
    init(
        group: WorkerGroup, encoding: Encoding, data: XCDataset, labels: Range<Int>, config: ModuleConfig, seed: UInt64
    ) throws {
        self.group = group
        self.encoding = encoding
        self.data = data
        self.config = config
        let n = data.trainFeatures.rows, queries = n + data.testFeatures.rows
        let own: DenseMatrix
        (own, labelVectors) = try Self.vectors(group, encoding, data, labels, perLabel: config.numCentroids)
        let documentPlan = SearchPlan.choose(
            queries: queries, database: n, dims: encoding.dims, M: config.M, efC: config.efC, efS: config.efS)
        let labelPlan = SearchPlan.choose(
            queries: queries, database: data.labelCount, dims: encoding.dims, M: config.M, efC: config.efC, efS: config.efS)
        reasons = ["documents: \(documentPlan.reason)", "labels: \(labelPlan.reason)"]
        documents = try documentPlan.search(
            over: own, firstId: group.ownSlice(n).lowerBound, seed: Int(truncatingIfNeeded: seed), team: group.team)
        centroids = try labelPlan.search(
            over: labelVectors.matrix, firstId: labelVectors.hasSeveral ? 0 : labels.lowerBound,
            seed: Int(truncatingIfNeeded: seed), team: group.team)
    }

    /// The shortlists (num_nbrs labels a row) of this worker's slice of the rows of `features`.
    func lists(_ features: CSRMatrix) throws -> TopK {
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
        let local =
            try labelVectors.hasSeveral
            ? labelVectors.topK(centroids, queries: queries, k: k, team: group.team)
            : centroids.topK(queries: queries, k: k, team: group.team)
        return try rows.merge(local, block: block, k: k)
    }

    /// γ·kNN + (1−γ)·centroid (DESIGN.md §1, module II).
    private func ensemble(_ queries: DenseMatrix, _ block: [Range<Int>], _ rows: RowLists) throws -> TopK {
        // The original searches documents with a quarter of efS (its `construct_shortlist`).
        let neighbours = max(1, config.efS / 4)
        let near = try rows.merge(
            documents.topK(queries: queries, k: neighbours, team: group.team), block: block, k: neighbours)
        let central = try centroids(queries, block, rows, k: config.efS)
        let knn = labelScores(neighbours: near, labels: data.trainLabels, k: config.efS, team: group.team)
        return ensembleShortlist(
            knn: knn, centroid: central, gamma: Float(config.gamma), k: config.numNbrs, team: group.team)
    }

    /// Unit vectors of this worker's slice of the training documents, and of its labels.
    private static func vectors(
        _ group: WorkerGroup, _ encoding: Encoding, _ data: XCDataset, _ labels: Range<Int>, perLabel: Int
    ) throws -> (own: DenseMatrix, labels: LabelVectors) {
        let n = data.trainFeatures.rows, slice = group.ownSlice(n)
        let own = DenseMatrix(rows: slice.count, cols: paddedWidth(encoding.dims))
        let builder = LabelVectorBuilder(labels: labels, data: data, dims: encoding.dims, perLabel: perLabel)
        for from in stride(from: 0, to: n, by: RowLists.block) {
            let range = from..<min(from + RowLists.block, n)
            let x = try encoding.unitRows(range.map(Int32.init), of: data.trainFeatures, team: group.team)
            let shared = slice.clamped(to: range)
            if !shared.isEmpty {
                own.row(shared.lowerBound - slice.lowerBound).update(
                    from: x.row(shared.lowerBound - from), count: shared.count * own.cols)
            }
            builder.add(x, range)
        }
        return (own, builder.finish(team: group.team))
    }
}
