import Datasets
import DeepXMLModel
import Devices
import Support

/// What a worker's labels are searched by: the unit mean of each label's documents, or, for labels of very many
/// documents and `num_centroids` above 1, that many means of kinds of them.
package struct LabelVectors: Sendable {
    /// Unit rows (×ld).
    package let matrix: DenseMatrix
    /// The label (global id) of each row; ascending.
    package let labelOf: [Int32]
    /// Some label has several rows.
    package let hasSeveral: Bool
    /// Labels of more documents than this get several (the original's limit).
    package static let manyDocuments = 7500

    /// The k best labels for each query among these, of a search over `matrix` whose ids are rows.
    package func topK(_ search: any NeighbourSearch, queries: DenseMatrix, k: Int, team: ThreadTeam) throws -> TopK {
        let extra = labelOf.count - Set(labelOf).count
        let found = try search.topK(queries: queries, k: min(labelOf.count, k + extra), team: team)
        let labels = TopK(rows: queries.rows, k: k)
        team.forRanges(queries.rows, grain: 64) { range in
            for row in range {
                var seen = Set<Int32>(), at = row * k
                for (id, score) in zip(found.ids(row), found.scores(row)) where seen.count < k {
                    guard seen.insert(labelOf[Int(id)]).inserted else { continue }
                    labels.indices.pointer[at] = labelOf[Int(id)]
                    labels.scores.pointer[at] = score
                    at += 1
                }
            }
        }
        return labels
    }
}

/// Gathers the vectors of a worker's labels while the encodings of all documents pass by.
package final class LabelVectorBuilder {
    private let labels: Range<Int>
    private let truth: CSRMatrix
    private let dims: Int
    private let centroids: DenseMatrix
    /// Labels that get several vectors, and the encodings of their documents so far.
    private var many: [Int: (vectors: DenseMatrix, count: Int)] = [:]
    private let perLabel: Int

    package init(labels: Range<Int>, data: XCDataset, dims: Int, perLabel: Int, many limit: Int = LabelVectors.manyDocuments) {
        self.labels = labels
        self.dims = dims
        self.perLabel = perLabel
        truth = data.trainLabels
        centroids = DenseMatrix(rows: labels.count, cols: paddedWidth(dims))
        guard perLabel > 1 else { return }
        for label in labels where data.trainDocuments.range(label).count > limit {
            many[label] = (DenseMatrix(rows: data.trainDocuments.range(label).count, cols: paddedWidth(dims)), 0)
        }
    }

    /// - Parameter x: unit rows of the documents `documents`; all documents come, in their order.
    package func add(_ x: DenseMatrix, _ documents: Range<Int>) {
        for document in documents {
            let row = x.row(document - documents.lowerBound)
            for label in truth.columns(document) where labels.contains(Int(label)) {
                accumulate(row, into: centroids.row(Int(label) - labels.lowerBound), count: x.cols)
                if let list = many[Int(label)] {
                    list.vectors.row(list.count).update(from: row, count: x.cols)
                    many[Int(label)] = (list.vectors, list.count + 1)
                }
            }
        }
    }

    package func finish(team: ThreadTeam) -> LabelVectors {
        makeUnitRows(centroids, team: team)
        guard !many.isEmpty else {
            return LabelVectors(matrix: centroids, labelOf: labels.map(Int32.init), hasSeveral: false)
        }
        let several = many.mapValues { representatives(of: $0.vectors, dims: dims, count: perLabel, team: team) }
        let labelOf = labels.flatMap { Array(repeating: Int32($0), count: several[$0]?.rows ?? 1) }
        let matrix = DenseMatrix(rows: labelOf.count, cols: centroids.cols)
        var at = 0
        for label in labels {
            let rows = several[label]?.rows ?? 1
            matrix.row(at).update(
                from: several[label]?.pointer ?? centroids.row(label - labels.lowerBound), count: rows * matrix.cols)
            at += rows
        }
        return LabelVectors(matrix: matrix, labelOf: labelOf, hasSeveral: true)
    }
}
