import Datasets
import Foundation
import Learners
import Support
import TestSupport
import Testing
import Training
import WorkerChecks

/// Learners whose transformer starts from a folder of weights.
@Suite struct PretrainedLearnerTests {
    private func job(_ scratch: Scratch, _ name: String, _ settings: [String]) throws -> LearnerJob {
        try LearnerJob(folder: scratch(name), .fineTuned(settings))
    }

    @Test func anyNumberOfWorkersHasTheSameBits() throws {
        let scratch = try Scratch(), folder = scratch("weights")
        try SmallBERT().write(to: folder)
        let learner = try LearnerComparison { path in
            let job = try job(scratch, "job", ["extreme.init=pretrained", "extreme.pretrained=\(folder)"])
            return job.moved(to: path)
        }
        try learner.expectTrained(["extreme.encoder", "extreme.layers", "extreme.classifier.weight"])
        try learner.hasTheSameBits(workers: 2, threads: 2)
        try learner.hasTheSameBits(workers: 5, threads: 1)
        try learner.goesOn(after: .look(3), workers: 2, others: 1)
        let random = try job(scratch, "random", ["extreme.init=random"])
        #expect(try random.run(workers: 1) == 0)
        #expect(try LearnerOutcome(of: random).arrays["extreme.layers"] != learner.expected.arrays["extreme.layers"])
    }

    @Test func weightsThatDoNotFitAreRefused() throws {
        let scratch = try Scratch()
        func refusal(_ name: String, _ sizes: SmallBERT?, folder: String? = nil) throws -> Failure? {
            let folder = folder ?? scratch(name)
            try sizes?.write(to: folder)
            let options = try job(scratch, "job", ["extreme.init=pretrained", "extreme.pretrained=\(folder)"]).options
            let data = try XCDataset.open(
                files: XCDatasetFiles(folder: options.datasetFolder, global: options.config.global, normalize: false),
                cacheFolder: scratch("cache"), threads: 1, writesCache: false)
            do { try options.checkArchitecture(data) } catch let failure as Failure { return failure }
            return nil
        }
        #expect(try refusal("good", SmallBERT()) == nil)
        #expect(try refusal("none", nil)?.found == "no such folder")
        #expect(try refusal("unsaid", nil, folder: "")?.problem == "no folder of pretrained weights")
        #expect(try refusal("tokens", SmallBERT(vocabulary: 199))?.found == "200 tokens")
        #expect(try refusal("layers", SmallBERT(layers: 3))?.found == "num_layers 3")
        #expect(try refusal("hidden", SmallBERT(hidden: 32))?.found == "hidden_size 32")
        #expect(try refusal("heads", SmallBERT(heads: 2))?.found == "num_heads 2")
        #expect(try refusal("inner", SmallBERT(inner: 25))?.found == "intermediate_size 25")
    }
}
