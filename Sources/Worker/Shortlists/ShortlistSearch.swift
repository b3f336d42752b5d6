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
        let (own, means) = try Self.vectors(group, encoding, data, labels)
        let documentPlan = SearchPlan.choose(
            queries: queries, database: n, dims: encoding.dims, M: config.M, efC: config.efC, efS: config.efS)
        let labelPlan = SearchPlan.choose(
            queries: queries, database: data.labelCount, dims: encoding.dims, M: config.M, efC: config.efC, efS: config.efS)
        reasons = ["documents: \(documentPlan.reason)", "labels: \(labelPlan.reason)"]
        documents = try documentPlan.search(
            over: own, firstId: group.ownSlice(n).lowerBound, seed: Int(truncatingIfNeeded: seed), team: group.team)
        centroids = try labelPlan.search(
            over: means, firstId: labels.lowerBound, seed: Int(truncatingIfNeeded: seed), team: group.team)
    }

    /// The shortlists (num_nbrs labels a row) of this worker's slice of the rows of `features`.
    func lists(_ features: CSRMatrix) throws -> TopK {
        let rows = RowLists(group: group, rows: features.rows), k = config.numNbrs
        // The original searches documents with a quarter of efS (its `construct_shortlist`).
        let neighbours = max(1, config.efS / 4)
        let result = TopK(rows: rows.ownRows.count, k: k)
        for block in rows.sliceBlocks {
            let queries = try encoding.unitRows(block.flatMap { $0.map(Int32.init) }, of: features, team: group.team)
            let near = try rows.merge(
                documents.topK(queries: queries, k: neighbours, team: group.team), block: block, k: neighbours)
            let central = try rows.merge(
                centroids.topK(queries: queries, k: config.efS, team: group.team), block: block, k: config.efS)
            let knn = labelScores(neighbours: near, labels: data.trainLabels, k: config.efS, team: group.team)
            let short = ensembleShortlist(knn: knn, centroid: central, gamma: Float(config.gamma), k: k, team: group.team)
            result.replace(from: block[group.rank].lowerBound - rows.ownRows.lowerBound, with: short)
        }
        return result
    }

    /// Unit vectors of this worker's slice of the training documents, and the unit centroids of its labels.
    private static func vectors(
        _ group: WorkerGroup, _ encoding: Encoding, _ data: XCDataset, _ labels: Range<Int>
    ) throws -> (own: DenseMatrix, centroids: DenseMatrix) {
        let n = data.trainFeatures.rows, slice = group.ownSlice(n), ld = paddedWidth(encoding.dims)
        let own = DenseMatrix(rows: slice.count, cols: ld)
        let centroids = DenseMatrix(rows: labels.count, cols: ld)
        for from in stride(from: 0, to: n, by: RowLists.block) {
            let range = from..<min(from + RowLists.block, n)
            let x = try encoding.unitRows(range.map(Int32.init), of: data.trainFeatures, team: group.team)
            let shared = slice.clamped(to: range)
            if !shared.isEmpty {
                own.row(shared.lowerBound - slice.lowerBound).update(
                    from: x.row(shared.lowerBound - from), count: shared.count * own.cols)
            }
            addToCentroids(x, range, labels: labels, data.trainLabels, centroids)
        }
        makeUnitRows(centroids, team: group.team)
        return (own, centroids)
    }

    /// Σ of the unit vectors of each label's documents, in the order of documents (the mean's length does not matter).
    private static func addToCentroids(
        _ x: DenseMatrix, _ documents: Range<Int>, labels: Range<Int>, _ truth: CSRMatrix, _ centroids: DenseMatrix
    ) {
        for document in documents {
            let row = x.row(document - documents.lowerBound)
            for label in truth.columns(document) where labels.contains(Int(label)) {
                accumulate(row, into: centroids.row(Int(label) - labels.lowerBound), count: x.cols)
            }
        }
    }
}
