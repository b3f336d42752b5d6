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

    /// A learner has 15 looks: four in each of the three modules with steps, and one between modules. Stopped at every
    /// second look, or more rarely, since a run that is stopped between modules looks there first when it goes on.
    @Test(arguments: [(2, [1]), (3, [1]), (2, [3]), (3, [8])])
    func stoppedAtLooks(every: Int, workers: [Int]) throws {
        try compare(workers, .look(every), atLeast: 15 / every - 1)
    }

    @Test func withAnotherNumberOfWorkersEachTime() throws {
        try compare([1, 3, 2, 8, 5], .look(2), atLeast: 6)
        try compare([5, 1], .look(3), atLeast: 4)
    }

    /// The signal comes to a worker that leads nothing, or to the coordinator, at a moment between looks.
    @Test func anyRankMayBeAskedToStop() throws {
        try compare([3], .exchange(rank: 3, 160), atLeast: 2)
        try compare([2], .coordinatorPoll(40), atLeast: 1)
    }

    @Test func stoppedBeforeTheFirstStep() throws {
        let run = job.moved(to: scratch("early"))
        #expect(try run.run(workers: 2, stop: .look(1)) == 75)
        #expect(try run.run(workers: 2) == 0)
        #expect(try LearnerOutcome(of: run).differences(from: expected).isEmpty)
    }

    @Test func finishedLearnerIsNotTrainedAgain() throws {
        let run = job.moved(to: scratch("twice"))
        #expect(try run.run(workers: 2) == 0)
        // Any look would stop it.
        #expect(try run.run(workers: 2, stop: .look(1)) == 0)
        #expect(try LearnerOutcome(of: run).differences(from: expected).isEmpty)
    }

    private func compare(_ workers: [Int], _ moment: StopMoment, atLeast stops: Int) throws {
        let run = job.moved(to: scratch("\(workers) \(moment)"))
        let stopped = try run.runToTheEnd(workers: workers, stop: moment)
        #expect(stopped >= stops)
        let differences = try LearnerOutcome(of: run).differences(from: expected)
        #expect(differences.isEmpty, "workers \(workers), stopped \(stopped) times by \(moment)")
    }
}
