import Messages
import Support
import Training

/// Scores of the stage's documents, sent block by block: each worker those of its own labels.
package struct Prediction {
    package let context: LearnerContext
    package let stage: any FirstStage
    package let reranker: Network?

    package init(
        context: LearnerContext, stage: any FirstStage, reranker: Network?
    ) {
        self.context = context
        self.stage = stage
        self.reranker = reranker
    }
    private static let block = 512

    package func send() throws {
        try stage.send(by: self)
        guard let reranker else { return }
        try send(
            .reranker, network: reranker,
            wanted: try stage.candidates(min(context.config.global.topK, context.config.reranker.numNbrs)))
    }

    /// The documents in the blocks in which they are sent.
    package func blocks(_ documents: Int) -> [Range<Int>] {
        stride(from: 0, to: documents, by: Self.block).map { $0..<min($0 + Self.block, documents) }
    }

    package func post(_ kind: ScoreBlock.Stage, _ documents: Range<Int>, _ scores: [ScoreEntry]) throws {
        try context.sink.send(ScoreBlock(seed: context.seed, stage: kind, documents: documents, scores: scores))
    }

    /// - Parameter wanted: the labels to score, with the prior score of each as value.
    package func send(_ kind: ScoreBlock.Stage, network: Network, wanted: CSRMatrix) throws {
        let features = stage.queries, ids = context.data.labelIds
        for documents in blocks(features.rows) {
            let logits = try network.logits(of: wanted, docs: documents.map(Int32.init), features: features)
            var scores: [ScoreEntry] = []
            scores.reserveCapacity(logits.nonZeros)
            for (row, document) in documents.enumerated() {
                let labels = logits.columns(row), own = logits.weights(row), priors = wanted.weights(document)
                for i in labels.indices {
                    scores.append(
                        ScoreEntry(row: Int32(document), label: ids[Int(labels[i])], clf: own[i], knn: priors[i]))
                }
            }
            try post(kind, documents, scores)
        }
    }
}
