import Messages
import Support

/// How documents are scored by a trained learner: by its first stage, and by its re-ranker where it has one.
package struct Prediction {
    package let stage: any ScoredStage
    /// The scores of the re-ranker, and the documents' labels that it scores, once for all documents.
    private let rerank: (() throws -> PairScores)?
    /// That of the validation documents, by the same learner; nil: the run has none.
    package private(set) var validation: (() throws -> Prediction)?

    package init(stage: any ScoredStage) {
        self.stage = stage
        rerank = nil
    }

    package init(stage: any RerankableStage, reranker: Reranker?) {
        self.stage = stage
        rerank = reranker.map { reranker in { try reranker.scores(after: stage) } }
    }

    /// The same, with what scores the validation documents.
    package func with(validation: (() throws -> Prediction)?) -> Prediction {
        var prediction = self
        prediction.validation = validation
        return prediction
    }

    /// Calls `body` with this worker's scores, block by block of the documents: those of the first stage, then the re-ranker's.
    ///
    /// Collective over the group.
    package func forEachBlock(seed: UInt64, _ body: (ScoreBlock) throws -> Void) throws {
        try forEachBlock("scoring") { documents in
            try body(ScoreBlock(seed: seed, stage: .first, documents: documents, scores: stage.scores(of: documents)))
        }
        guard let reranked = try rerank?() else { return }
        try forEachBlock("re-ranking") { documents in
            try body(ScoreBlock(seed: seed, stage: .reranker, documents: documents, scores: reranked.scores(of: documents)))
        }
    }

    private func forEachBlock(_ what: String, _ body: (Range<Int>) throws -> Void) throws {
        try ProgressScope.stage(what, of: stage.queries.rows, "documents") { progress in
            for documents in blocks {
                try body(documents)
                progress.advance(to: documents.upperBound)
            }
        }
    }

    /// The documents in the blocks in which they are scored.
    private var blocks: [Range<Int>] {
        let documents = stage.queries.rows
        return stride(from: 0, to: documents, by: ScoreBlock.size).map { $0..<min($0 + ScoreBlock.size, documents) }
    }
}
