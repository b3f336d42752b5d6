import Datasets
import DeepXMLModel
import Devices
import Support

/// What a worker's labels are searched by: the unit mean of each label's documents, or, for labels of very many
/// documents and `num_centroids` above 1, that many means of kinds of them; and where asked the vector of the label's text. The
/// one that is nearest to a query counts.
package struct LabelVectors: Sendable {
    /// Unit rows (×ld).
    package let matrix: Tensor
    /// The label (global id) of each row; ascending.
    package let labelOf: [Int32]
    /// Some label has several rows.
    package let hasSeveral: Bool
    /// Rows that suffice to find one distinct label; nil: only some labels have several, and all of their rows are looked at.
    fileprivate var rowsALabel: Int?
    /// Labels of more documents than this get several (the original's limit).
    package static let manyDocuments = 7500

    /// The k best labels for each query among these, of a search over `matrix` whose ids are rows.
    ///
    /// A label's vectors may fill a list that holds k of them, so a list is searched twice as long, and longer for the queries that
    /// still lack labels: until it must hold k.
    package func topK(_ search: any NeighbourSearch, queries: Tensor, k: Int, on device: any Device) throws -> TopK {
        let extra = labelOf.count - Set(labelOf).count, labels = TopK(rows: queries.rows, k: k)
        let most = min(labelOf.count, k + extra, rowsALabel.map { k * $0 } ?? .max)
        var length = min(most, 2 * k), rows = Array(0..<queries.rows), asked = queries
        while true {
            let found = try search.topK(queries: asked, k: length), list = rows
            let counts = Buffer<Int32>(count: list.count)
            device.team.forRanges(list.count, grain: 64) { range in
                for i in range { counts[i] = Int32(fill(labels, row: list[i], from: found, found: i)) }
            }
            rows = list.indices.filter { counts[$0] < k }.map { list[$0] }
            guard !rows.isEmpty, length < most else { return labels }
            length = min(most, 4 * length)
            asked = device.tensor(rows: rows.count, cols: queries.cols)
            device.copyRows(rows.enumerated().map { RowPair(from: $1, to: $0) }, of: queries, to: asked)
        }
    }

    /// Writes the first k labels of a list of vectors into a row, each once.
    ///
    /// - Returns: how many there were.
    private func fill(_ labels: TopK, row: Int, from found: TopK, found list: Int) -> Int {
        var seen = Set<Int32>(), at = row * labels.k
        for (id, score) in zip(found.ids(list), found.scores(list)) where seen.count < labels.k {
            guard seen.insert(labelOf[Int(id)]).inserted else { continue }
            labels.indices[at] = labelOf[Int(id)]
            labels.scores[at] = score
            at += 1
        }
        return seen.count
    }
}

/// Gathers the vectors of a worker's labels while the encodings of all documents pass by.
package final class LabelVectorBuilder {
    private let labels: Range<Int>
    private let truth: CSRMatrix
    private let dims: Int
    private let device: any Device
    private let centroids: Tensor
    /// Labels that get several vectors, and the encodings of their documents so far.
    private var many: [Int: (vectors: Tensor, count: Int)] = [:]
    private let perLabel: Int
    /// The vectors of the labels' texts (×ld), and which labels have one; none where texts aren't searched by.
    private var texts: (vectors: Tensor, labels: Set<Int>)?

    package init(
        labels: Range<Int>, data: XCDataset, dims: Int, perLabel: Int, many limit: Int = LabelVectors.manyDocuments,
        on device: any Device
    ) {
        self.labels = labels
        self.dims = dims
        self.perLabel = perLabel
        self.device = device
        truth = data.trainLabels
        centroids = device.tensor(rows: labels.count, cols: paddedWidth(dims))
        guard perLabel > 1 else { return }
        for label in labels where data.trainDocuments.range(label).count > limit {
            let documents = data.trainDocuments.range(label).count
            many[label] = (device.tensor(rows: documents, cols: paddedWidth(dims)), 0)
        }
    }

    /// - Parameter x: unit rows of the documents `documents`; all documents come, in their order.
    package func add(_ x: Tensor, _ documents: Range<Int>) {
        var sums: [RowPair] = [], kept: [Int: [RowPair]] = [:]
        for document in documents {
            let row = document - documents.lowerBound
            for label in truth.columns(document).lazy.map(Int.init) where labels.contains(label) {
                sums.append(RowPair(from: row, to: label - labels.lowerBound))
                if let list = many[label] {
                    kept[label, default: []].append(RowPair(from: row, to: list.count))
                    many[label] = (list.vectors, list.count + 1)
                }
            }
        }
        device.addRows(sums, of: x, to: centroids)
        for (label, rows) in kept { if let list = many[label] { device.copyRows(rows, of: x, to: list.vectors) } }
    }

    /// - Parameter x: unit rows of the texts of `named`, global ids of labels that have one.
    package func add(texts x: Tensor, of named: [Int32]) {
        var (vectors, known) = texts ?? (device.tensor(rows: labels.count, cols: centroids.cols), [])
        let own = named.enumerated().filter { labels.contains(Int($1)) }
        device.copyRows(own.map { RowPair(from: $0, to: Int($1) - labels.lowerBound) }, of: x, to: vectors)
        known.formUnion(own.map { Int($1) })
        texts = (vectors, known)
    }

    package func finish() -> LabelVectors {
        device.makeUnitRows(centroids)
        let hasText = texts?.labels.isEmpty == false
        guard !many.isEmpty || hasText else {
            return LabelVectors(matrix: centroids, labelOf: labels.map(Int32.init), hasSeveral: false)
        }
        let several = many.mapValues { device.representatives(of: $0.vectors, dims: dims, count: perLabel, rounds: 10) }
        let labelOf = labels.flatMap { label in
            Array(repeating: Int32(label), count: (several[label]?.rows ?? 1) + (texts?.labels.contains(label) == true ? 1 : 0))
        }
        let matrix = device.tensor(rows: labelOf.count, cols: centroids.cols)
        var at = 0
        for (row, label) in labels.enumerated() {
            let vectors = several[label] ?? centroids.rows(row..<row + 1)
            device.copy(vectors, to: matrix.rows(at..<at + vectors.rows))
            at += vectors.rows
            guard let texts, texts.labels.contains(label) else { continue }
            device.copy(texts.vectors.rows(row..<row + 1), to: matrix.rows(at..<at + 1))
            at += 1
        }
        let most = (several.values.map(\.rows).max() ?? 1) + 1
        return LabelVectors(matrix: matrix, labelOf: labelOf, hasSeveral: true, rowsALabel: hasText ? most : nil)
    }
}
