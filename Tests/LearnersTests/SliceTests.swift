import Checkpoint
import Learners
import Testing
import WorkerChecks

/// Slice: any number of workers and threads, stopped and gone on, has the same bits.
@Suite struct SliceTests {
    private func learner(_ data: SampleData = SampleData(), _ settings: String...) throws -> LearnerComparison {
        try LearnerComparison { try LearnerJob(folder: $0, data: data, framework: .slice, settings: settings) }
    }

    private static let arrays = [
        "shortlist.train.ids", "shortlist.test.ids", "shortlist.test.scores", "shortlist.label.mean", "extreme.classifier.weight",
        "extreme.classifier.bias", "predictions.clf",
    ]

    @Test func anyNumberOfWorkers() throws {
        let learner = try learner()
        try learner.expectTrained(Self.arrays + ["shortlist.encoder"])
        for (workers, threads) in [(1, 2), (2, 1), (5, 2)] { try learner.hasTheSameBits(workers: workers, threads: threads) }
    }

    @Test func denseFeatures() throws {
        let learner = try learner(SampleData(features: .dense(21)))
        try learner.expectTrained(Self.arrays)
        #expect(learner.expected.arrays["shortlist.encoder"] == nil)
        for workers in [2, 5] { try learner.hasTheSameBits(workers: workers, threads: 1) }
    }

    @Test func randomProjections() throws {
        let learner = try learner(SampleData(), "slice.init=random", "global.embedding_dims=33")
        try learner.expectTrained(Self.arrays + ["shortlist.encoder"])
        try learner.hasTheSameBits(workers: 3, threads: 1)
    }

    /// Some workers have no label, and lists are longer than there are labels.
    @Test func fewLabels() throws {
        let learner = try learner(SampleData(labels: 3))
        try learner.expectTrained(Self.arrays)
        for workers in [2, 5] { try learner.hasTheSameBits(workers: workers, threads: 1) }
    }

    /// One look after the shortlists, then one after each block.
    @Test func stoppedOnceAtAnyLook() throws {
        let learner = try learner()
        for (look, workers, others) in [(1, 1, 5), (2, 3, 1), (14, 3, 2), (40, 1, 2), (21, 2, 5)] {
            try learner.goesOn(after: .look(look), workers: workers, others: others)
        }
    }

    @Test func stoppedAgainAndAgain() throws {
        let learner = try learner()
        try learner.endsInSpite(of: .look(5), workers: [2, 5, 1], stops: 3)
        try learner.endsInSpite(of: .exchange(rank: 2, 50), workers: [3], stops: 1)
        try learner.isNotTrainedAgain()
    }

    /// A graph is that of the workers that built it; whoever goes on takes its lists.
    @Test func graphsGoOn() throws {
        let learner = try learner(SampleData(), "slice.M=2", "slice.efC=1", "slice.efS=16")
        try learner.goesOn(after: .look(3), workers: 1, others: 3)
    }
}
