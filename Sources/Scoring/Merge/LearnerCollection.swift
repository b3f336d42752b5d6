import Messages
import Support

/// The scores of one learner in training, as its workers send them, block by block of the documents.
///
/// A block that all workers have sent is merged and given on, in the order of documents: what stays in memory are the blocks
/// that some worker has not sent yet.
package final class LearnerCollection<Sink: RowSink> {
    private let workers: Int
    private let first: BlockQueue
    private let second: BlockQueue
    private let rerankerBeta: Double
    private let team: ThreadTeam
    private let makeSink: () throws -> Sink
    private var clf: Sink?
    private var knn: Sink?
    private var reranker: Sink?
    private var done: [LearnerSummary] = []

    /// - Parameters:
    ///   - workers: that send each block, with the scores of their own labels.
    ///   - rerankerBeta: with a re-ranker, β·its logit + (1−β)·the first stage's is kept.
    ///   - makeSink: of documents × labels scores.
    package init(
        documents: Int, labels: Int, topK: Int, workers: Int, rerankerBeta: Double, team: ThreadTeam,
        makeSink: @escaping () throws -> Sink
    ) {
        self.workers = workers
        let queue = { BlockQueue(documents: documents, labels: labels, topK: topK, workers: workers) }
        (first, second) = (queue(), queue())
        (self.rerankerBeta, self.team, self.makeSink) = (rerankerBeta, team, makeSink)
    }

    /// - Returns: how many blocks were given on.
    /// - Throws: what a sink throws.
    package func add(_ block: ScoreBlock) throws -> Int {
        switch block.stage {
        case .first: try first.add(block, then: keepFirst)
        case .reranker: try second.add(block, then: keepReranked)
        }
    }

    private func keepFirst(_ scores: LearnerScores) throws {
        try sink(&clf).append(scores.clf)
        try sink(&knn).append(scores.knn)
    }

    private func keepReranked(_ both: LearnerScores) throws {
        try sink(&reranker).append(
            Scoring.rerank(reranker: both.clf, firstStage: both.knn, beta: rerankerBeta, team: team))
    }

    private func sink(_ place: inout Sink?) throws -> Sink {
        let sink = try place ?? makeSink()
        place = sink
        return sink
    }

    /// Counts a worker that has sent everything; true when all have.
    package func finish(_ summary: LearnerSummary) -> Bool {
        done.append(summary)
        return done.count == workers
    }

    /// Where the scores are: of the classifiers, of the shortlist, and of a re-ranker.
    package func sinks() throws -> (clf: Sink, knn: Sink, reranker: Sink?) {
        precondition(first.isEmpty && (reranker == nil || second.isEmpty), "blocks of documents are missing")
        return (try sink(&clf), try sink(&knn), reranker)
    }

    /// Wall seconds of each module: those of its slowest worker.
    package var seconds: [String: Double] { done.reduce(into: [:]) { $0.merge($1.seconds) { max($0, $1) } } }
}

/// Blocks of documents of one stage: waits for the parts of all workers, and keeps the blocks' order.
private final class BlockQueue {
    private let documents: Int
    private let labels: Int
    private let topK: Int
    private let workers: Int
    /// By their first document: blocks that are not given on yet, and how many workers have sent them.
    private var waiting: [Int: (merger: ScoreMerger, parts: Int)] = [:]
    /// The document that comes next.
    private var next = 0

    init(documents: Int, labels: Int, topK: Int, workers: Int) {
        (self.documents, self.labels, self.topK, self.workers) = (documents, labels, topK, workers)
    }

    var isEmpty: Bool { next == documents && waiting.isEmpty }

    func add(_ block: ScoreBlock, then give: (LearnerScores) throws -> Void) throws -> Int {
        let start = block.documents.lowerBound
        precondition(start >= next && block.documents.upperBound <= documents, "documents \(block.documents) again")
        let known = waiting[start]
        let merger = known?.merger ?? ScoreMerger(documents: block.documents, labels: labels, topK: topK)
        merger.add(documents: block.documents, entries: block.scores)
        waiting[start] = (merger, (known?.parts ?? 0) + 1)
        var given = 0
        while let (merger, parts) = waiting[next], parts == workers {
            waiting[next] = nil
            next = merger.documents.upperBound
            try give(merger.finish())
            given += 1
        }
        return given
    }
}
