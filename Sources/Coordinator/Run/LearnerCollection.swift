import Buffers
import Worker

/// The scores of one learner in training, as its workers send them.
final class LearnerCollection {
    private let first: ScoreMerger
    private var second: ScoreMerger?
    private let workers: Int
    private var done: [LearnerSummary] = []
    private let makeMerger: () -> ScoreMerger

    init(rows: Int, labels: Int, topK: Int, workers: Int) {
        makeMerger = { ScoreMerger(rows: rows, labels: labels, topK: topK) }
        first = makeMerger()
        self.workers = workers
    }

    func add(_ block: ScoreBlock) {
        switch block.stage {
        case .first: first.add(documents: block.documents, entries: block.scores)
        case .reranker:
            if second == nil { second = makeMerger() }
            second?.add(documents: block.documents, entries: block.scores)
        }
    }

    /// Counts a worker that has sent everything; true when all have.
    func finish(_ summary: LearnerSummary) -> Bool {
        done.append(summary)
        return done.count == workers
    }

    /// The merged scores; with a re-ranker, β·its logit + (1−β)·the first stage's.
    func result(seed: UInt64, rerankerBeta: Double, team: ThreadTeam) -> LearnerResult {
        var scores = first.finish()
        if let second {
            let both = second.finish()
            scores.reranker = Scoring.rerank(reranker: both.clf, firstStage: both.knn, beta: rerankerBeta, team: team)
        }
        // A module takes as long as its slowest worker.
        let seconds = done.reduce(into: [String: Double]()) { $0.merge($1.seconds) { max($0, $1) } }
        return LearnerResult(seed: seed, scores: scores, seconds: seconds)
    }
}
