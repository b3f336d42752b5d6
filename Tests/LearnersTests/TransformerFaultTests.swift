import Config
import Coordinator
import Foundation
import Learners
import Support
import TestSupport
import Testing
import WorkerChecks

/// What may befall a learner whose transformer starts from pretrained weights: stops, other numbers of workers, and weights that are
/// broken, changed or gone.
@Suite struct TransformerFaultTests {
    private static func job(_ scratch: Scratch, _ weights: String, _ settings: String...) throws -> LearnerJob {
        let start = ["extreme.init=pretrained", "extreme.pretrained=\(scratch(weights))"]
        return try LearnerJob(folder: scratch("job"), .fineTuned(start + settings))
    }

    /// Each epoch looks once within itself: whoever goes on has another part of the optimiser's state than whoever stopped.
    @Test(arguments: ["extreme.clip_norm=0.5", "extreme.clip_norm=0"]) func goesOnWithOtherWorkers(clip: String) throws {
        let scratch = try Scratch()
        try SmallBERT().write(to: scratch("weights"))
        let learner = try LearnerComparison { path in try Self.job(scratch, "weights", clip).moved(to: path) }
        try learner.hasTheSameBits(workers: 3, threads: 2)
        for (workers, others) in [(1, 3), (3, 2), (2, 9)] {
            try learner.goesOn(after: .look(workers % 2 == 1 ? 1 : 3), workers: workers, others: others)
        }
        try learner.endsInSpite(of: .look(2), workers: [3, 1, 4], stops: 2)
        try learner.endsInSpite(of: .exchange(rank: 2, 70), workers: [3], stops: 1)
    }

    /// A job with a finished reference, then one that is stopped within its first epoch.
    private func stopped(_ scratch: Scratch, workers: Int) throws -> (job: LearnerJob, expected: LearnerOutcome) {
        try SmallBERT().write(to: scratch("weights"))
        let job = try Self.job(scratch, "weights"), alone = job.moved(to: scratch("alone")), run = job.moved(to: scratch("run"))
        #expect(try alone.run(workers: 1) == 0)
        #expect(try run.run(workers: workers, stop: .look(1)) == 75)
        return (run, try LearnerOutcome(of: alone))
    }

    @Test func weightsMayBeGoneOnceACheckpointHasThem() throws {
        let scratch = try Scratch(), (run, expected) = try stopped(scratch, workers: 2)
        try FileManager.default.removeItem(atPath: scratch("weights"))
        #expect(try run.run(workers: 3) == 0)
        #expect(try LearnerOutcome(of: run).differences(from: expected).isEmpty)
        // Done: its results alone are read.
        #expect(try run.run(workers: 1) == 0)
        let anew = try #require(refusal(run.moved(to: scratch("anew"))))
        #expect(anew.code == .usage && anew.problem == "no folder of pretrained weights")
        var fresh = run
        fresh.options.fresh = true
        #expect(refusal(fresh)?.problem == "no folder of pretrained weights")
    }

    @Test func changedWeightsAreNamed() throws {
        let scratch = try Scratch(), (run, _) = try stopped(scratch, workers: 1)
        try SmallBERT().write(to: scratch("weights"), factor: 0.31)
        let failure = try #require(refusal(run))
        #expect(failure.code == .usage && failure.problem.hasSuffix("which differs in pretrained weights"), "\(failure)")
    }

    @Test func brokenWeightsAreNamed() throws {
        let scratch = try Scratch(), folder = scratch("weights"), file = "\(folder)/model.safetensors"
        func refused(_ damage: () throws -> Void) throws -> Failure? {
            try SmallBERT().write(to: folder)
            try damage()
            return refusal(try Self.job(scratch, "weights"))
        }
        let cut = try #require(
            try refused {
                let content = try Data(contentsOf: URL(fileURLWithPath: file))
                try content.prefix(content.count - 100).write(to: URL(fileURLWithPath: file))
            })
        #expect(cut.code == .usage && cut.problem == "the file is cut off" && cut.place.hasPrefix(file))
        let number = try #require(try refused { try SmallBERT().write(to: folder, notANumber: 5000) })
        #expect(number.code == .usage && number.place.hasPrefix(file), "\(number)")
        let shape = try #require(
            try refused {
                let config = SmallBERT(inner: 25).config
                try config.write(toFile: "\(folder)/config.json", atomically: true, encoding: .utf8)
            })
        #expect(shape.code == .usage && shape.problem == "an array is of another shape than config.json says")
        let none = try #require(try refused { try FileManager.default.removeItem(atPath: file) })
        #expect(none.code == .usage && none.expected.hasPrefix("model.safetensors"))
    }

    private func refusal(_ job: LearnerJob) -> Failure? {
        do {
            _ = try job.run(workers: 2)
            Issue.record("it was not refused")
        } catch let ended as EndedBeforeStart {
            return ended.failure
        } catch let failure as Failure {
            return failure
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    /// The backward pass computes again what the forward pass did not keep: nothing else changes, not even whose checkpoints they are.
    @Test func checkpointedActivationsHaveTheSameBits() throws {
        let scratch = try Scratch()
        try SmallBERT().write(to: scratch("weights"))
        let learner = try LearnerComparison { path in try Self.job(scratch, "weights").moved(to: path) }
        var small = try Self.job(scratch, "weights").moved(to: scratch("less"), threads: 2)
        for layer in small.options.archDefinition.coarse.indices
        where small.options.archDefinition.coarse[layer].kind == "transformer" {
            small.options.archDefinition.coarse[layer].numbers["activation_checkpointing"] = 1
        }
        #expect(try small.run(workers: 2, stop: .look(1)) == 75)
        #expect(try small.run(workers: 3) == 0)
        #expect(try LearnerOutcome(of: small).differences(from: learner.expected).isEmpty)
    }
}
