import Messages
import Scoring
import Support
import TestSupport
import Testing

/// Scores that come block by block, from several workers, in any order: what all at once would give.
@Suite struct LearnerCollectionTests {
    private let documents = 1100, labels = 20, workers = 3
    private let team = ThreadTeam(size: 1)

    private func score(_ document: Int, _ label: Int) -> Float { Float((document * 31 + label * 17) % 23) - 11 }
    private func prior(_ document: Int, _ label: Int) -> Float { Float((document * 13 + label * 7) % 19) / 19 }

    /// Of each worker, labels that leave its number by `workers`; blocks of 512 documents.
    private func blocks(_ worker: Int, _ stage: ScoreBlock.Stage) -> [ScoreBlock] {
        stride(from: 0, to: documents, by: ScoreBlock.size).map { start in
            let range = start..<min(start + ScoreBlock.size, documents)
            let entries = range.flatMap { document in
                stride(from: worker, to: labels, by: workers).map { label in
                    ScoreEntry(
                        row: Int32(document), label: Int32(label), score: score(document, label) * (stage == .first ? 1 : 2),
                        prior: prior(document, label))
                }
            }
            return ScoreBlock(seed: 1, stage: stage, documents: range, scores: entries)
        }
    }

    private func collection() -> LearnerCollection<CollectedRows> {
        LearnerCollection(
            documents: documents, labels: labels, topK: 7, workers: workers, rerankerBeta: 0.25, team: team,
            makeSink: CollectedRows.init)
    }

    private func expectAll(_ collection: LearnerCollection<CollectedRows>, reranked: Bool) throws {
        let sinks = try collection.sinks()
        let clf = Scoring.topK(made(rows: documents, cols: labels) { score($0, $1) }, 7)
        let knn = Scoring.topK(made(rows: documents, cols: labels) { prior($0, $1) }, 7)
        #expect(same(sinks.clf.matrix(cols: labels), clf) && same(sinks.knn.matrix(cols: labels), knn))
        #expect((sinks.reranker != nil) == reranked)
        guard let reranker = sinks.reranker else { return }
        let logits = Scoring.topK(made(rows: documents, cols: labels) { 2 * score($0, $1) }, 7)
        let expected = Scoring.rerank(reranker: logits, firstStage: knn, beta: 0.25)
        #expect(same(reranker.matrix(cols: labels), expected))
    }

    private func same(_ a: CSRMatrix, _ b: CSRMatrix) -> Bool {
        a.rows == b.rows && a.cols == b.cols && a.starts.array == b.starts.array && a.indices.array == b.indices.array
            && a.values?.array.map(\.bitPattern) == b.values?.array.map(\.bitPattern)
    }

    @Test func aBlockIsGivenOnWhenAllWorkersHaveSentIt() throws {
        let collection = collection()
        for block in blocks(0, .first) + blocks(1, .first) { #expect(try collection.add(block) == 0) }
        for block in blocks(2, .first) { #expect(try collection.add(block) == 1) }
        try expectAll(collection, reranked: false)
    }

    @Test func blocksInAnyOrder() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5 {
            let collection = collection()
            var given = 0
            for block in (0..<workers).flatMap({ blocks($0, .first) }).shuffled(using: &random) {
                given += try collection.add(block)
            }
            for block in (0..<workers).flatMap({ blocks($0, .reranker) }).shuffled(using: &random) {
                given += try collection.add(block)
            }
            #expect(given == 6)
            try expectAll(collection, reranked: true)
        }
    }

    /// The first block is late: those behind it wait, and then follow in their order.
    @Test func laterBlocksWaitForTheFirst() throws {
        let collection = collection(), late = blocks(1, .first)
        for block in blocks(0, .first) + blocks(2, .first) + late.dropFirst() { #expect(try collection.add(block) == 0) }
        #expect(try collection.add(late[0]) == 3)
        try expectAll(collection, reranked: false)
    }

    /// All are done when the last worker is; a module takes as long as on its slowest worker.
    @Test func theLastWorkerFinishes() {
        let collection = collection()
        #expect(collection.seconds.isEmpty)
        for (rank, seconds) in [["extreme": 2.0, "predict": 1], ["extreme": 5], ["extreme": 3, "shortlist": 4]].enumerated() {
            let summary = LearnerSummary(
                seed: 1, rank: rank + 1, seconds: seconds, waited: [:], peakRSSMiB: 1, commSeconds: 0)
            #expect(collection.finish(summary) == (rank == 2))
        }
        #expect(collection.seconds == ["extreme": 5, "predict": 1, "shortlist": 4])
    }

    @Test func noTestDocumentIsNoBlock() throws {
        let none = LearnerCollection(
            documents: 0, labels: labels, topK: 7, workers: workers, rerankerBeta: 0.25, team: team, makeSink: CollectedRows.init)
        let sinks = try none.sinks()
        #expect(sinks.clf.matrix(cols: labels).rows == 0 && sinks.reranker == nil)
    }
}

/// Metrics of scores that are read by blocks have the bits of all at once.
@Suite struct BlockEvaluationTests {
    private static let rows = 5000, cols = 12
    private let truth = GroundTruth(
        labels: made(rows: rows, cols: cols, binary: true) { r, c in (r * 7 + c * 11) % 9 == 0 ? 1 : nil },
        inversePropensity: (0..<cols).map { 1 + 1 / Double($0 + 3) },
        filter: made(rows: rows, cols: cols, binary: true) { r, c in r == c ? 1 : nil })

    /// - Parameter from: the first document with a shortlist: blocks before it have none.
    private func scores(from: Int, reranked: Bool) -> LearnerScores {
        func matrix(_ salt: Int, from: Int = 0) -> CSRMatrix {
            made(rows: Self.rows, cols: Self.cols) { r, c in
                r >= from && (r + c * salt) % 4 == 0 ? Float((r * 29 + c * salt * 5) % 37) / 9 - 2 : nil
            }
        }
        return LearnerScores(clf: matrix(3), knn: matrix(5, from: from), reranker: reranked ? matrix(7) : nil)
    }

    @Test(arguments: [(0, false), (0, true), (4500, true), (rows, false), (rows, true)])
    func learner(from: Int, reranked: Bool) throws {
        let whole = scores(from: from, reranked: reranked)
        let parts = LearnerParts(clf: whole.clf, knn: whole.knn, reranker: whole.reranker)
        let expected = LearnerEvaluation(scores: whole, truth: truth, beta: 0.3)
        #expect(try LearnerEvaluation(parts: parts, truth: truth, beta: 0.3) == expected)
        #expect(expected.stages["knn"].map { $0.P[0] > 0 } ?? (from == Self.rows))
    }

    /// At each β the figures are those of the combination, with the re-ranker's logits and without; of a stage its own.
    @Test(arguments: [false, true]) func figuresAreThoseOfTheCombination(reranked: Bool) {
        let whole = scores(from: 0, reranked: reranked), evaluation = LearnerEvaluation(scores: whole, truth: truth, beta: 0.3)
        var first = whole
        first.reranker = nil
        #expect(evaluation.metrics == truth.evaluate(whole.combined(beta: 0.3)))
        #expect(evaluation.byBeta.count == 8 && (evaluation.byBetaBeforeReranker != nil) == reranked)
        for beta in LearnerEvaluation.betas {
            let key = LearnerEvaluation.key(beta)
            #expect(evaluation.byBeta[key] == truth.evaluate(whole.combined(beta: beta)), "\(key)")
            if reranked { #expect(evaluation.byBetaBeforeReranker?[key] == truth.evaluate(first.combined(beta: beta)), "\(key)") }
        }
        #expect(Set(evaluation.byBeta.values.map { "\($0)" }).count > 4)
        #expect(evaluation.stages["clf"] == truth.evaluate(whole.clf) && evaluation.stages["knn"] == truth.evaluate(whole.knn))
        #expect(evaluation.stages["reranker"] == whole.reranker.map { truth.evaluate($0) })
        // Without a shortlist there is no β, and one stage.
        let alone = LearnerEvaluation(scores: scores(from: Self.rows, reranked: false), truth: truth, beta: 0.3)
        #expect(alone.byBeta.isEmpty && alone.byBetaBeforeReranker == nil && alone.stages.keys.sorted() == ["clf"])
        #expect(alone.metrics == truth.evaluate(scores(from: Self.rows, reranked: false).clf))
    }

    @Test func ensemble() throws {
        let wholes = [
            scores(from: 0, reranked: true), scores(from: 4500, reranked: false), scores(from: Self.rows, reranked: true),
        ]
        let expected = Scoring.ensemble(wholes.map { $0.combined(beta: 0.6) })
        let parts = wholes.map { LearnerParts(clf: $0.clf, knn: $0.knn, reranker: $0.reranker).combined(beta: 0.6) }
        let ensemble = CombinedScores.ensemble(parts)
        var sums = MetricAccumulator(truth)
        for range in RowBlock.ranges(Self.rows) {
            let block = try ensemble.block(range), wanted = expected.block(range)
            #expect(block.indices.array == wanted.indices.array)
            #expect(block.values?.array.map(\.bitPattern) == wanted.values?.array.map(\.bitPattern))
            sums.add(block)
        }
        #expect(sums.table == truth.evaluate(expected) && sums.table.P[0] > 0)
    }
}
