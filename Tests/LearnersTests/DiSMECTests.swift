import Checkpoint
import Config
import DeepXMLModel
import Devices
import Foundation
import Learners
import Support
import Testing
import WorkerChecks

/// Sparse one-vs-all: the same bits on any number of workers and threads, stopped and gone on; a checkpoint for each block of labels.
@Suite struct DiSMECTests {
    /// 256 labels in 32 blocks.
    private static let small = SmallCase(.dismec, settings: ["dismec.block_size=8"])

    @Test("Any number of workers and threads, more workers than blocks among them") func anyNumberOfWorkers() throws {
        let learner = try LearnerComparison(Self.small)
        try learner.expectTrained(["classifiers.classifier.weights", "classifiers.classifier.bias", "predictions.clf"])
        #expect(Set(learner.expected.arrays.keys.map { $0.prefix { $0 != "." } }) == ["classifiers", "predictions"])
        for (workers, threads) in [(1, 3), (2, 1), (5, 2), (9, 1)] {
            try learner.hasTheSameBits(workers: workers, threads: threads)
        }
        let other = try LearnerComparison(SmallCase(.dismec, settings: ["dismec.block_size=100"]))
        #expect(other.expected == learner.expected)
        try other.hasTheSameBits(workers: 5, threads: 1)
    }

    /// Alone, a worker looks before each of 32 blocks, when it has done all, and twice before they are stored as one.
    @Test("Stopped at a look, then on any number of workers", arguments: [1, 2, 17, 32, 33, 34]) func stopped(look: Int) throws {
        let learner = try LearnerComparison(Self.small)
        try learner.goesOn(after: .look(look), workers: 1, others: [1, 2, 5][look % 3])
    }

    @Test("Stopped again and again") func stoppedAgain() throws {
        let learner = try LearnerComparison(Self.small)
        try learner.endsInSpite(of: .look(4), workers: [1, 2, 5], stops: 5)
        // A signal to a worker that leads nothing, and to the coordinator.
        try learner.goesOn(after: .exchange(rank: 3, 12), workers: 5, others: 2)
        try learner.goesOn(after: .message(6), workers: 2)
        try learner.isNotTrainedAgain()
    }

    @Test("Blocks that are done stay, a damaged one is trained again, and none is left at the end") func blocks() throws {
        let scratch = try Scratch(), job = try LearnerJob(folder: scratch("job"), Self.small)
        #expect(try job.moved(to: scratch("straight")).run(workers: 1) == 0)
        let run = job.moved(to: scratch("stopped")), folder = run.options.modelFolder(seed: LearnerJob.seed)
        #expect(try run.run(workers: 1, stop: .look(6)) == 75)
        #expect(try Self.blocks(folder).count == 4)
        let shard = "\(folder)/ckpt_block-2_0_0/shard-0-of-1.h5"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
        bytes[bytes.count / 2] ^= 64
        try bytes.write(to: URL(fileURLWithPath: shard))
        let untouched = "\(folder)/ckpt_block-3_0_0/manifest.json", written = try Self.modified(untouched)
        #expect(try run.run(workers: 2, stop: .look(3)) == 75)
        #expect(try Self.modified(untouched) == written)
        #expect(try run.run(workers: 2) == 0)
        #expect(try Self.blocks(folder).isEmpty)
        #expect(try LearnerOutcome(of: run) == LearnerOutcome(of: job.moved(to: scratch("straight"))))
    }

    private static func blocks(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("ckpt_block-") }
    }

    private static func modified(_ path: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }

    @Test("Scores are margins: those of a dense product with the stored weights") func scores() throws {
        let scratch = try Scratch(), job = try LearnerJob(folder: scratch("job"), Self.small)
        #expect(try job.run(workers: 2) == 0)
        let model = try TrainedModel.open(folder: job.options.modelFolder(seed: LearnerJob.seed))
        let features = try model.featureFile().read("\(job.options.datasetFolder)/tst_X_Xf.txt", threads: 1)
        guard case .sparse(let weights) = try Extraction(.classifierWeights).matrix(of: model) else {
            Issue.record("not sparse")
            return
        }
        #expect(weights.rows == 256 && weights.cols == 201 && weights.nonZeros < 256 * 201)
        let (parts, _) = try ScoreFile.readParts("\(job.options.resultFolder(seed: LearnerJob.seed))/predictions.h5")
        let scores = try #require(parts["clf"])
        for document in 0..<features.rows {
            let values = Dictionary(uniqueKeysWithValues: zip(features.columns(document), features.weights(document)))
            let margins = (0..<256).map { label in
                zip(weights.columns(label), weights.weights(label)).reduce(0.0) { sum, entry in
                    sum + Double(entry.1) * (entry.0 == 200 ? 1 : Double(values[entry.0] ?? 0))
                }
            }
            let least = margins.sorted(by: >)[19]
            #expect(scores.columns(document).count == 20)
            for (label, score) in zip(scores.columns(document), scores.weights(document)) {
                #expect(abs(Double(score) - margins[Int(label)]) < 1e-5 && margins[Int(label)] > least - 1e-5)
            }
        }
    }

    @Test("Epsilon, delta, C and the bias feature change the model") func settings() throws {
        let outcomes = try ["dismec.C=1", "dismec.C=2", "dismec.delta=0.1", "dismec.epsilon=0.5", "dismec.bias_feature=0"].map {
            try LearnerComparison(SmallCase(.dismec, settings: [$0])).expected
        }
        for (index, outcome) in outcomes.enumerated() {
            #expect(outcomes[..<index].allSatisfy { $0 != outcome })
        }
        #expect(outcomes[4].arrays["classifiers.classifier.bias"]?.allSatisfy { $0 == 0 } == true)
        let kept = outcomes.map { $0.arrays["classifiers.classifier.weights"]?.count ?? 0 }
        #expect(kept[2] < kept[0])
    }

    @Test("Dense features are learned of, sequences are refused") func features() throws {
        var dense = SmallCase(.dismec, settings: [])
        dense.data.features = .dense(12)
        try LearnerComparison(dense).hasTheSameBits(workers: 3, threads: 1)
        var sequences = SmallCase(.dismec, settings: [])
        sequences.data.features = .sequential
        let scratch = try Scratch(), job = try LearnerJob(folder: scratch("job"), sequences)
        #expect { try job.run(workers: 1) } throws: { "\($0)".contains("sequences of tokens have none") }
    }
}
