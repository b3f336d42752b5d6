import DeepXMLModel
import Devices
import Messages
import Support
import Training

/// Classifiers that score every label of every document (DeepXML-OVA): each worker has the best of its own labels.
package struct OneVsAllStage: ScoredStage {
    package let context: LearnerContext
    package let network: Network
    package let queries: CSRMatrix

    package init(
        context: LearnerContext, network: Network, queries: CSRMatrix
    ) {
        self.context = context
        self.network = network
        self.queries = queries
    }

    package func negatives(sizes: ShortlistSizes) throws -> NegativeShortlists {
        let rows = RowLists(group: context.group, rows: context.data.trainFeatures.rows)
        // Room for the positives, which are no negatives, and for a document's others.
        let best = try best(sizes.limit, features: context.data.trainFeatures, rows: rows)
        let own = try OwnShortlists(
            best, of: rows, labels: context.labels, labelCount: context.data.labelCount, truth: context.data.trainLabels,
            sizes: sizes)
        return own.negatives!
    }

    package func candidates(_ k: Int) throws -> CSRMatrix {
        let rows = RowLists(group: context.group, rows: queries.rows)
        let sizes = ShortlistSizes(maxPositives: 0, randomNegatives: 0, limit: k)
        return try OwnShortlists(
            try best(k, features: queries, rows: rows), of: rows, labels: context.labels,
            labelCount: context.data.labelCount, truth: nil, sizes: sizes
        ).entries
    }

    /// The k best labels of each row of this worker's slice, over the labels of all workers.
    private func best(_ k: Int, features: CSRMatrix, rows: RowLists) throws -> TopK {
        let result = TopK(rows: rows.ownRows.count, k: k)
        for block in rows.sliceBlocks {
            let local = try own(k, docs: block.flatMap { $0.map(Int32.init) }, features: features)
            let merged = try rows.merge(local, block: block, k: k)
            result.replace(from: block[context.group.rank].lowerBound - rows.ownRows.lowerBound, with: merged)
        }
        return result
    }

    /// The k best of this worker's labels for each of the documents `docs`.
    private func own(_ k: Int, docs: [Int32], features: CSRMatrix) throws -> TopK {
        let lists = TopK(rows: docs.count, k: k), batch = network.batchSize
        for from in stride(from: 0, to: docs.count, by: batch) {
            let part = Array(docs[from..<min(from + batch, docs.count)])
            try network.encode(DocumentBatch(features: features, docs: part))
            lists.replace(
                from: from,
                with: OneVsAllTopK(classifier: network.classifier).topK(
                    network.z.hostPointer, rows: part.count, k: k, team: context.group.team))
        }
        return lists
    }

    package func scores(of documents: Range<Int>) throws -> [ScoreEntry] {
        let ids = context.data.labelIds,
            lists = try own(context.config.global.topK, docs: documents.map(Int32.init), features: queries)
        return (0..<lists.rows).flatMap { row in
            zip(lists.ids(row), lists.scores(row)).map { label, logit in
                ScoreEntry(row: Int32(documents.lowerBound + row), label: ids[Int(label)], score: logit, prior: .nan)
            }
        }
    }
}
