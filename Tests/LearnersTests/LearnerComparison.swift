import Foundation
import Testing
import WorkerChecks

/// One learner, trained again and again on other numbers of workers and threads, or with stops: it has the same bits.
final class LearnerComparison: Sendable {
    private let scratch: Scratch
    private let job: LearnerJob
    /// Of one worker of one thread that nobody stopped.
    let expected: LearnerOutcome

    init(_ make: (_ folder: String) throws -> LearnerJob) throws {
        scratch = try Scratch()
        job = try make(scratch("job"))
        let alone = job.moved(to: scratch("alone"))
        #expect(try alone.run(workers: 1) == 0)
        expected = try LearnerOutcome(of: alone)
    }

    convenience init(_ small: SmallCase) throws { try self.init { try LearnerJob(folder: $0, small) } }

    func hasTheSameBits(workers: Int, threads: Int) throws {
        let run = job.moved(to: scratch("\(workers)-\(threads)"), threads: threads)
        #expect(try run.run(workers: workers) == 0)
        try expectSame(run, "\(workers) workers of \(threads) threads")
    }

    /// Stopped at a moment, once: then it is left alone.
    ///
    /// - Parameter others: workers of the run that goes on.
    func goesOn(after moment: StopMoment, workers: Int, others: Int? = nil) throws {
        let run = job.moved(to: scratch("\(workers) \(moment)"))
        #expect(try run.run(workers: workers, stop: moment) == 75, "\(workers) workers, \(moment)")
        #expect(try run.run(workers: others ?? workers) == 0)
        try expectSame(run, "\(workers) workers, stopped by \(moment), then \(others ?? workers)")
    }

    /// Stopped again and again, each time going on with the next of `workers`.
    func endsInSpite(of moment: StopMoment, workers: [Int], stops: Int) throws {
        let run = job.moved(to: scratch("\(workers) \(moment)"))
        #expect(try run.runToTheEnd(workers: workers, stop: moment) >= stops)
        try expectSame(run, "workers \(workers), stopped by \(moment)")
    }

    func isNotTrainedAgain() throws {
        let run = job.moved(to: scratch("twice"))
        #expect(try run.run(workers: 2) == 0)
        // Any look would stop it.
        #expect(try run.run(workers: 2, stop: .look(1)) == 0)
        try expectSame(run, "done before")
    }

    private func expectSame(_ run: LearnerJob, _ what: String) throws {
        let differences = try LearnerOutcome(of: run).differences(from: expected)
        #expect(differences.isEmpty, "\(what)")
    }

    /// The arrays are there, and are not all zeros.
    func expectTrained(_ names: [String]) throws {
        for name in names {
            let array = try #require(expected.arrays[name], "\(name) of \(expected.arrays.keys.sorted())")
            #expect(array.contains { Float(bitPattern: $0) != 0 }, "\(name)")
        }
    }
}

/// A folder for one test, deleted with it.
final class Scratch: Sendable {
    private let path: String

    init() throws {
        path = (NSTemporaryDirectory() as NSString).appendingPathComponent("worker-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}
