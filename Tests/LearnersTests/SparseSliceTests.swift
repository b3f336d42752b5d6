import Foundation
import Learners
import Support
import Testing
import WorkerChecks

/// SparseSlice: any number of workers and threads, stopped and gone on, has the same bits.
@Suite struct SparseSliceTests {
    /// 256 labels in 16 blocks.
    private static let small = SmallCase(.sparseSlice, settings: ["sparse_slice.block_size=16"])

    private static let arrays = [
        "shortlist.mean.weights", "classifiers.classifier.weights", "classifiers.classifier.bias", "predictions.clf",
    ]

    @Test func anyNumberOfWorkers() throws {
        let learner = try LearnerComparison(Self.small)
        try learner.expectTrained(Self.arrays)
        #expect(Set(learner.expected.arrays.keys.map { $0.prefix { $0 != "." } }) == ["shortlist", "classifiers", "predictions"])
        for (workers, threads) in [(1, 3), (2, 1), (3, 2), (5, 1)] {
            try learner.hasTheSameBits(workers: workers, threads: threads)
        }
    }

    /// Lists and postings longer than there are labels, and blocks as large, are as long as those of all labels.
    @Test func sizesBeyondTheLabels() throws {
        func learner(_ size: Int) throws -> LearnerComparison {
            let settings = ["num_nbrs", "num_negatives", "postings", "block_size"].map { "sparse_slice.\($0)=\(size)" }
            return try LearnerComparison(SmallCase(.sparseSlice, settings: settings + ["sparse_slice.max_passes=2"]))
        }
        let more = try learner(1_000_000)
        #expect(try more.expected == learner(256).expected)
        try more.hasTheSameBits(workers: 3, threads: 1)
    }

    /// Alone, a worker looks after the means, before each of 16 blocks, when it has done all, and twice before they are stored as one.
    @Test(arguments: [1, 2, 10, 18, 19]) func stopped(look: Int) throws {
        let learner = try LearnerComparison(Self.small)
        try learner.goesOn(after: .look(look), workers: 1, others: [1, 2, 5][look % 3])
    }

    @Test func stoppedAgainAndAgain() throws {
        let learner = try LearnerComparison(Self.small)
        try learner.endsInSpite(of: .look(5), workers: [1, 2, 5, 3], stops: 2)
        // A signal to a worker that leads nothing, and to the coordinator.
        try learner.goesOn(after: .exchange(rank: 3, 12), workers: 5, others: 2)
        try learner.goesOn(after: .message(6), workers: 2, others: 3)
        try learner.isNotTrainedAgain()
    }

    @Test func aDamagedBlockIsTrainedAgain() throws {
        let scratch = try Scratch(), job = try LearnerJob(folder: scratch("job"), Self.small)
        #expect(try job.moved(to: scratch("straight")).run(workers: 1) == 0)
        let run = job.moved(to: scratch("stopped")), folder = run.options.modelFolder(seed: LearnerJob.seed)
        #expect(try run.run(workers: 1, stop: .look(7)) == 75)
        #expect(try Self.blocks(folder).count == 4)
        let shard = "\(folder)/ckpt_block-2_0_0/shard-0-of-1.h5"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
        bytes[bytes.count / 2] ^= 64
        try bytes.write(to: URL(fileURLWithPath: shard))
        let untouched = "\(folder)/ckpt_block-3_0_0/manifest.json", written = try Self.modified(untouched)
        #expect(try run.run(workers: 2, stop: .look(4)) == 75)
        #expect(try Self.modified(untouched) == written)
        #expect(try run.run(workers: 3) == 0)
        #expect(try Self.blocks(folder).isEmpty)
        #expect(try LearnerOutcome(of: run) == LearnerOutcome(of: job.moved(to: scratch("straight"))))
    }

    private static func blocks(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("ckpt_block-") }
    }

    private static func modified(_ path: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }

    /// Some workers have no label, others no document.
    @Test func fewLabelsAndDocuments() throws {
        for data in [SampleData(labels: 3), SampleData(documents: 3, testDocuments: 2, tokens: 60, labels: 3)] {
            let learner = try LearnerComparison { try LearnerJob(folder: $0, data: data, framework: .sparseSlice) }
            try learner.expectTrained(Self.arrays)
            for workers in [2, 3, 5] { try learner.hasTheSameBits(workers: workers, threads: 1) }
        }
    }

    /// Numbers of both signs, in every document: of each feature the labels furthest to either side are kept.
    @Test func denseFeatures() throws {
        var dense = SmallCase(.sparseSlice, settings: ["sparse_slice.postings=40"])
        dense.data.features = .dense(12)
        let learner = try LearnerComparison(dense)
        for workers in [2, 3] { try learner.hasTheSameBits(workers: workers, threads: 1) }
        let counts = try #require(learner.expected.arrays["shortlist.mean.counts"])
        #expect(counts.reduce(0, +) == 12 * 40)
        let signs = try #require(learner.expected.arrays["shortlist.mean.weights"]).map { Float(bitPattern: $0) > 0 }
        #expect(signs.contains(true) && signs.contains(false))
    }

    @Test func sequencesAreRefused() throws {
        var sequences = SmallCase(.sparseSlice, settings: [])
        sequences.data.features = .sequential
        let scratch = try Scratch(), job = try LearnerJob(folder: scratch("job"), sequences)
        #expect { try job.run(workers: 1) } throws: { "\($0)".contains("sequences of tokens have none") }
    }

    /// Each changes what it is to change, and nothing before it.
    @Test func settings() throws {
        func outcome(_ settings: String...) throws -> LearnerOutcome {
            try LearnerComparison(SmallCase(.sparseSlice, settings: settings.map { "sparse_slice.\($0)" })).expected
        }
        let plain = try outcome()
        let stages = [("shortlist", "shortlist."), ("classifiers", "classifiers."), ("predictions", "predictions.")]
        func first(_ other: LearnerOutcome) -> String? {
            stages.first { stage in
                plain.arrays.filter { $0.key.hasPrefix(stage.1) } != other.arrays.filter { $0.key.hasPrefix(stage.1) }
            }?.0
        }
        for setting in ["postings=5", "mean_threshold=0.3", "frequency_power=1"] {
            #expect(try first(outcome(setting)) == "shortlist", "\(setting)")
        }
        for setting in ["num_negatives=9", "C=2", "bias_feature=0", "tolerance=2", "max_passes=1", "delta=0.3"] {
            #expect(try first(outcome(setting)) == "classifiers", "\(setting)")
        }
        for setting in ["num_nbrs=9", "score_scale=1", "similarity_weight=0.5", "frequency_weight=0"] {
            #expect(try first(outcome(setting)) == "predictions", "\(setting)")
        }
        #expect(try outcome("bias_feature=0").arrays["classifiers.classifier.bias"]?.allSatisfy { $0 == 0 } == true)
    }

    /// Without an entry of a mean, a weight or a list: the most frequent labels of all are what is left.
    @Test func nothingIsKept() throws {
        let learner = try LearnerComparison(
            SmallCase(.sparseSlice, settings: ["sparse_slice.mean_threshold=1", "sparse_slice.delta=1000"]))
        try learner.hasTheSameBits(workers: 3, threads: 1)
        #expect(learner.expected.arrays["shortlist.mean.weights"] == [])
        #expect(learner.expected.arrays["classifiers.classifier.weights"] == [])
        let scores = try #require(learner.expected.arrays["predictions.clf"]), documents = 40,
            labels = scores[(documents + 1)...].prefix(20)
        #expect(scores[documents] == 20 * 40)
        for document in 0..<documents {
            #expect(Set(scores[(documents + 1 + 20 * document)...].prefix(20)) == Set(labels))
        }
    }
}
