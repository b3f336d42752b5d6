import Messages
import Support

/// How documents are scored by a trained learner: by its first stage, and by its re-ranker where it has one.
package struct Prediction {
    package let stage: any ScoredStage
    package let reranker: Reranker?

    package init(stage: any ScoredStage, reranker: Reranker? = nil) {
        self.stage = stage
        self.reranker = reranker
    }

    /// Calls `body` with this worker's scores, block by block of the documents: those of the first stage, then the re-ranker's.
    ///
    /// Collective over the group.
    package func forEachBlock(seed: UInt64, _ body: (ScoreBlock) throws -> Void) throws {
        for documents in blocks {
            try body(ScoreBlock(seed: seed, stage: .first, documents: documents, scores: stage.scores(of: documents)))
        }
        guard let reranked = try reranker?.scores(after: stage) else { return }
        for documents in blocks {
            try body(ScoreBlock(seed: seed, stage: .reranker, documents: documents, scores: reranked.scores(of: documents)))
        }
    }

    /// The documents in the blocks in which they are scored.
    private var blocks: [Range<Int>] {
        let documents = stage.queries.rows
        return stride(from: 0, to: documents, by: ScoreBlock.size).map { $0..<min($0 + ScoreBlock.size, documents) }
    }
}
