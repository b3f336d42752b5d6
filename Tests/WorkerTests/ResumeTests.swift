import Testing
import WorkerChecks

/// Resume = never stopped: a learner that is stopped at moments all over its modules, and started again each time, has
/// the bits of one that was not.
@Suite struct ResumeTests {
    private let scratch: Scratch
    private let job: LearnerJob
    private let expected: LearnerOutcome

    init() throws {
        scratch = try Scratch()
        job = try LearnerJob(folder: scratch("job"), data: SampleData())
        let straight = job.moved(to: scratch("straight"))
        #expect(try straight.run(workers: 1) == 0)
        expected = try LearnerOutcome(of: straight)
    }

    /// A learner has 18 looks: five in each of the three modules with steps (one of them between epochs), and three between
    /// modules.
    @Test func stoppedOnceAtAnyLook() throws {
        for look in 1...18 { try compare([1], .look(look), stops: 1, thenGoesOn: true) }
    }

    /// A run that goes on looks up to three times between modules before its first step: from the fourth look on, each run
    /// gets on.
    @Test(arguments: [([1], 4, 7), ([3], 4, 7), ([8], 5, 4)])
    func stoppedAgainAndAgain(workers: [Int], look: Int, stops: Int) throws { try compare(workers, .look(look), stops: stops) }

    @Test func withAnotherNumberOfWorkersEachTime() throws {
        try compare([1, 3, 2, 8, 5], .look(4), stops: 7)
        try compare([5, 1], .look(5), stops: 4)
    }

    /// The signal comes to a worker that leads nothing, or to the coordinator, at a moment between looks.
    @Test func anyRankMayBeAskedToStop() throws {
        try compare([3], .exchange(rank: 3, 160), stops: 2)
        try compare([2], .message(3), stops: 1)
    }

    @Test func finishedLearnerIsNotTrainedAgain() throws {
        let run = job.moved(to: scratch("twice"))
        #expect(try run.run(workers: 2) == 0)
        // Any look would stop it.
        #expect(try run.run(workers: 2, stop: .look(1)) == 0)
        #expect(try LearnerOutcome(of: run).differences(from: expected).isEmpty)
    }

    /// - Parameters:
    ///   - stops: how often the learner is stopped at least.
    ///   - thenGoesOn: after one stop, the learner is left alone.
    private func compare(_ workers: [Int], _ moment: StopMoment, stops: Int, thenGoesOn: Bool = false) throws {
        let run = job.moved(to: scratch("\(workers) \(moment)"))
        if thenGoesOn {
            #expect(try run.run(workers: workers[0], stop: moment) == 75)
            #expect(try run.run(workers: workers[0]) == 0)
        } else {
            #expect(try run.runToTheEnd(workers: workers, stop: moment) >= stops)
        }
        let differences = try LearnerOutcome(of: run).differences(from: expected)
        #expect(differences.isEmpty, "workers \(workers), stopped by \(moment)")
    }
}
