import Testing
import WorkerChecks

/// `bias_init: prior` reaches the workers, and no label depends on who has it.
@Suite struct PriorBiasLearnerTests {
    @Test func anyNumberOfWorkersHasTheSameBits() throws {
        let scratch = try Scratch()
        let data = SampleData(), prior = ["surrogate.bias_init=prior", "global.use_reranker=false"]
        let uniform = ["surrogate.bias_init=uniform", "global.use_reranker=false"]
        func outcome(_ name: String, _ settings: [String], workers: Int) throws -> LearnerOutcome {
            let job = try LearnerJob(folder: scratch(name), data: data, settings: settings)
            #expect(try job.run(workers: workers) == 0)
            return try LearnerOutcome(of: job)
        }
        let one = try outcome("one", prior, workers: 1), three = try outcome("three", prior, workers: 3)
        #expect(three.differences(from: one).isEmpty)
        let other = try outcome("uniform", uniform, workers: 1)
        #expect(other.arrays["surrogate.encoder"] != one.arrays["surrogate.encoder"])
    }
}
