import Foundation
import Testing
import WorkerChecks

/// Distributed = local: a whole learner has the same bits for any number of workers and threads.
///
/// Module I trains everything on the full loss, module III the residual and the classifiers on a fixed encoder, module IV
/// everything on shortlists; each makes ten steps or more.
@Suite struct DistributedTests {
    private static let workers = [1, 2, 3, 5, 8]

    /// 640 labels and 512 clusters: eight virtual shards each, that no worker's run of them fits evenly but 1, 2 and 8.
    @Test func manyLabels() throws { try compare(SampleData(), workers: Self.workers, threads: [1, 2]) }

    /// Fewer labels and fewer dimensions than workers: some have no label, some no column of the embeddings.
    @Test func fewLabels() throws {
        try compare(
            SampleData(labels: 3), ["global.embedding_dims=4", "global.surrogate_threshold=2"], workers: Self.workers,
            threads: [1, 2])
    }

    /// Products large enough that threads cut them.
    @Test func wideNetwork() throws {
        let settings =
            ["global.embedding_dims=130"]
            + ["surrogate", "extreme", "reranker"].flatMap {
                ["\($0).num_epochs=5", "\($0).batch_size=255"]
            }
        try compare(SampleData(), settings, workers: [1, 3, 8], threads: [1, 2])
    }

    /// A shortlist of all labels is full, also where num_nbrs is larger than they are many: no room is left for the
    /// original's padding labels, which would take the place of real ones.
    @Test func rerankerGetsLabelsOfASmallDataSet() throws {
        let scratch = try Scratch()
        let settings = ["global.surrogate_threshold=16", "extreme.num_nbrs=500", "extreme.efS=500"]
        let job = try LearnerJob(folder: scratch("job"), data: SampleData(labels: 30), settings: settings)
        #expect(try job.run(workers: 2) == 0)
        let reranked = try #require(try LearnerOutcome(of: job).arrays["predictions.reranker"])
        // 90 documents; indices and values of at least their 20 best labels each.
        #expect(reranked.count > 91 + 2 * 90 * 15)
    }

    private func compare(_ data: SampleData, _ settings: [String] = [], workers: [Int], threads: [Int]) throws {
        let comparison = try LearnerComparison { try LearnerJob(folder: $0, data: data, settings: settings) }
        try comparison.expectTrained([
            "surrogate.encoder", "shortlist.train.scores", "shortlist.test.scores", "extreme.residual.weight",
            "extreme.classifier.weight", "extreme.classifier.bias", "reranker.encoder", "reranker.residual.bias",
            "reranker.classifier.weight", "predictions.clf", "predictions.knn", "predictions.reranker",
        ])
        for workers in workers {
            for threads in threads where (workers, threads) != (1, 1) {
                try comparison.hasTheSameBits(workers: workers, threads: threads)
            }
        }
    }
}
