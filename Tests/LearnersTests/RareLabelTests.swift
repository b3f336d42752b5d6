import Foundation
import Testing
import WorkerChecks

/// `propensity_weight` raises each label's bias once, after training, by what the formula says.
@Suite struct RareLabelTests {
    private static let settings = ["global.use_reranker=false", "global.A=0.55", "global.B=1.5"]

    @Test(arguments: [1, 3]) func biasesAreRaisedByTheirPropensity(workers: Int) throws {
        let scratch = try Scratch(), data = SampleData()
        let plain = try outcome(scratch("plain"), data, weight: 0, workers: workers)
        let raised = try outcome(scratch("raised"), data, weight: 0.5, workers: workers)
        let before = try #require(plain.arrays["extreme.classifier.bias"]).map { Float(bitPattern: $0) }
        let after = try #require(raised.arrays["extreme.classifier.bias"]).map { Float(bitPattern: $0) }
        #expect(plain.arrays["extreme.classifier.weight"] == raised.arrays["extreme.classifier.weight"])
        let differences = zip(after, before).map { $0 - $1 }
        // 1/p of a label is larger than 1, and larger the rarer it is; not all labels are as frequent as each other.
        #expect(differences.allSatisfy { $0 > 0 } && Set(differences.map { ($0 * 100).rounded() }).count > 1)
    }

    /// A run that is interrupted and goes on raises them once, not twice.
    @Test func aRunThatGoesOnRaisesThemOnce() throws {
        let scratch = try Scratch(), data = SampleData()
        let whole = try outcome(scratch("whole"), data, weight: 0.5, workers: 2)
        let folder = scratch("again"), job = try LearnerJob(folder: folder, data: data, settings: Self.settings(0.5))
        #expect(try job.run(workers: 2) == 0)
        let results = "\(folder)/results"
        try FileManager.default.removeItem(atPath: results)
        #expect(try job.run(workers: 2) == 0)
        #expect(try LearnerOutcome(of: job).differences(from: whole).isEmpty)
    }

    private static func settings(_ weight: Double) -> [String] { settings + ["extreme.propensity_weight=\(weight)"] }

    private func outcome(_ folder: String, _ data: SampleData, weight: Double, workers: Int) throws -> LearnerOutcome {
        let job = try LearnerJob(folder: folder, data: data, settings: Self.settings(weight))
        #expect(try job.run(workers: workers) == 0)
        return try LearnerOutcome(of: job)
    }
}
