import Datasets
import DeepXMLModel
import Devices
import Messages
import Support
import Training

/// A stage that scores every label of every document: each worker has the best of its own labels.
package protocol ExhaustiveStage: RerankableStage {
    var group: WorkerGroup { get }
    /// Training documents and labels.
    var data: XCDataset { get }
    /// This worker's.
    var labels: Range<Int> { get }
    /// Scores wanted of a document.
    var topK: Int { get }

    /// The k best of this worker's labels for each of the documents `docs`.
    func best(_ k: Int, docs: [Int32], features: CSRMatrix) throws -> TopK
}

extension ExhaustiveStage {
    package func scores(of documents: Range<Int>) throws -> [ScoreEntry] {
        let ids = data.labelIds, lists = try best(topK, docs: documents.map(Int32.init), features: queries)
        var entries: [ScoreEntry] = []
        entries.reserveCapacity((0..<lists.rows).reduce(0) { $0 + lists.count($1) })
        for row in 0..<lists.rows {
            for (label, score) in zip(lists.ids(row), lists.scores(row)) {
                entries.append(
                    ScoreEntry(row: Int32(documents.lowerBound + row), label: ids[Int(label)], score: score, prior: .nan))
            }
        }
        return entries
    }

    package func negatives(sizes: ShortlistSizes) throws -> NegativeShortlists {
        // Room for the positives, which are no negatives, and for a document's others.
        try dealt(sizes.limit, features: data.trainFeatures, for: .training(truth: data.trainLabels, sizes: sizes)).negatives!
    }

    package func candidates(_ k: Int) throws -> CSRMatrix {
        try dealt(k, features: queries, for: .scoring).entries
    }

    /// The k best labels of each document, over the labels of all workers, dealt out to the workers that own them.
    private func dealt(_ k: Int, features: CSRMatrix, for use: OwnShortlists.Use) throws -> OwnShortlists {
        let rows = RowLists(group: group, rows: features.rows), lists = TopK(rows: rows.ownRows.count, k: k)
        try rows.forEachSliceBlock("finding the best labels") { block in
            let merged = try rows.merge(
                best(k, docs: block.flatMap { $0.map(Int32.init) }, features: features), block: block, k: k)
            lists.replace(from: block[group.rank].lowerBound - rows.ownRows.lowerBound, with: merged)
        }
        return try OwnShortlists(lists, of: rows, labels: labels, labelCount: data.labelCount, for: use)
    }
}
