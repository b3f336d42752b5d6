import Messages
import Support

/// The scores of one learner in training, as its workers send them.
package final class LearnerCollection {
    private let first: ScoreMerger
    private var second: ScoreMerger?
    private let workers: Int
    private var done: [LearnerSummary] = []
    private let makeMerger: () -> ScoreMerger

    package init(rows: Int, labels: Int, topK: Int, workers: Int) {
        makeMerger = { ScoreMerger(rows: rows, labels: labels, topK: topK) }
        first = makeMerger()
        self.workers = workers
    }

    package func add(_ block: ScoreBlock) {
        switch block.stage {
        case .first: first.add(documents: block.documents, entries: block.scores)
        case .reranker:
            if second == nil { second = makeMerger() }
            second?.add(documents: block.documents, entries: block.scores)
        }
    }

    /// Counts a worker that has sent everything; true when all have.
    package func finish(_ summary: LearnerSummary) -> Bool {
        done.append(summary)
        return done.count == workers
    }

    /// The merged scores; with a re-ranker, β·its logit + (1−β)·the first stage's. The collection is empty afterwards.
    package func scores(rerankerBeta: Double, team: ThreadTeam) -> LearnerScores {
        var scores = first.finish()
        if let second {
            let both = second.finish()
            scores.reranker = Scoring.rerank(reranker: both.clf, firstStage: both.knn, beta: rerankerBeta, team: team)
        }
        return scores
    }

    /// Wall seconds of each module: those of its slowest worker.
    package var seconds: [String: Double] { done.reduce(into: [:]) { $0.merge($1.seconds) { max($0, $1) } } }
}
