import DeepXMLModel
import Devices
import Messages
import Support
import Training

/// Classifiers that score the labels of a document's shortlist (DeepXML, DeepXML-ANNS).
package struct ShortlistStage: RerankableStage {
    package let context: LearnerContext
    package let network: Network
    package let queries: CSRMatrix
    /// nil where nothing is trained on this stage.
    package let train: OwnShortlists?
    /// Of the queries.
    package let lists: OwnShortlists

    package init(
        context: LearnerContext, network: Network, queries: CSRMatrix, train: OwnShortlists?, lists: OwnShortlists
    ) {
        self.context = context
        self.network = network
        self.queries = queries
        self.train = train
        self.lists = lists
    }

    package func negatives(sizes: ShortlistSizes) throws -> NegativeShortlists {
        guard let train else { preconditionFailure("a re-ranker needs the lists of the training documents") }
        let rows = RowLists(group: context.group, rows: train.entries.rows)
        let best = try best(sizes.limit, of: train, features: context.data.trainFeatures, rows: rows)
        let own = try OwnShortlists(
            best, of: rows, labels: context.labels, labelCount: context.data.labelCount,
            for: .training(truth: context.data.trainLabels, sizes: sizes))
        return own.negatives!
    }

    package func candidates(_ k: Int) throws -> CSRMatrix {
        let rows = RowLists(group: context.group, rows: lists.entries.rows)
        let best = try best(k, of: lists, features: queries, rows: rows)
        try noticeEmpty(best)
        return try OwnShortlists(
            best, of: rows, labels: context.labels, labelCount: context.data.labelCount, for: .scoring
        ).entries
    }

    package func scores(of documents: Range<Int>) throws -> [ScoreEntry] {
        try PairScores(network: network, features: queries, labelIds: context.data.labelIds, wanted: lists.entries)
            .scores(of: documents)
    }

    /// Documents without re-ranking candidates keep their shortlist's similarity as score, at every β: a person who
    /// compares β should know.
    private func noticeEmpty(_ own: TopK) throws {
        let counts = Buffer<Int32>(count: context.group.size)
        counts[context.group.rank] = Int32((0..<own.rows).count { own.count($0) == 0 })
        try context.group.communicator.allgather(counts, blocks: (0..<counts.count).map { $0..<$0 + 1 })
        let empty = counts.array.reduce(0, +), all = lists.entries.rows
        guard empty > 0 else { return }
        try context.notice(
            "\(empty) of \(all) documents have no re-ranking candidates: no label of theirs has a positive logit; "
                + "--set extreme.pad_shortlists=false gives the re-ranker their best ones")
    }

    /// The k best labels of each row of this worker's slice, over the labels of all workers.
    private func best(_ k: Int, of shortlists: OwnShortlists, features: CSRMatrix, rows: RowLists) throws -> TopK {
        let result = TopK(rows: rows.ownRows.count, k: k)
        try rows.forEachSliceBlock("scoring shortlists") { block in
            let docs = block.flatMap { $0.map(Int32.init) }
            let logits = try network.logits(of: shortlists.entries, docs: docs, features: features)
            let merged = try rows.merge(network.device.best(of: logits, k: k), block: block, k: k)
            if context.config.extreme.shortlist.isPadded {
                makeRoomForPadding(merged, rows: block[context.group.rank], shortlists.lengths)
            }
            result.replace(from: block[context.group.rank].lowerBound - rows.ownRows.lowerBound, with: merged)
        }
        return result
    }

    /// The original fills each shortlist up to num_nbrs with a padding label, whose logit is 0 (its row of W is fixed at
    /// zero), and drops it after the cut at top-k: labels with a negative logit give way to it, the worst first.
    ///
    /// So its re-ranker mostly sees labels that the first stage is in favour of. It costs precision and gains on the
    /// tail: docs/ACCURACY.md has both. Where a data set has fewer labels than num_nbrs, a list of all of them is full.
    private func makeRoomForPadding(_ lists: TopK, rows: Range<Int>, _ lengths: Buffer<Int32>) {
        let full = min(context.config.extreme.shortlist.length, context.data.labelCount)
        for (i, row) in rows.enumerated() {
            let count = lists.count(i), padding = max(0, full - Int(lengths[row]))
            let favoured = lists.scores(i).prefix { $0 > 0 }.count
            let kept = min(count, favoured + max(0, lists.k - favoured - padding))
            lists.truncate(i, to: kept)
        }
    }
}
