import Testing
import WorkerChecks

/// Resume = never stopped: a learner that is stopped at moments all over its modules, and started again each time, has
/// the bits of one that was not.
@Suite struct ResumeTests {
    private let learner: LearnerComparison

    init() throws { learner = try LearnerComparison { try LearnerJob(folder: $0, data: SampleData()) } }

    /// A learner has 18 looks: five in each of the three modules with steps (one of them between epochs), and three between
    /// modules.
    @Test func stoppedOnceAtAnyLook() throws {
        for look in 1...18 { try learner.goesOn(after: .look(look), workers: 1) }
    }

    /// A run that goes on looks up to three times between modules before its first step: from the fourth look on, each run
    /// gets on.
    @Test(arguments: [([1], 4, 7), ([3], 4, 7), ([8], 5, 4)])
    func stoppedAgainAndAgain(workers: [Int], look: Int, stops: Int) throws {
        try learner.endsInSpite(of: .look(look), workers: workers, stops: stops)
    }

    @Test func withAnotherNumberOfWorkersEachTime() throws {
        try learner.endsInSpite(of: .look(4), workers: [1, 3, 2, 8, 5], stops: 7)
        try learner.endsInSpite(of: .look(5), workers: [5, 1], stops: 4)
    }

    /// The signal comes to a worker that leads nothing, or to the coordinator, at a moment between looks.
    @Test func anyRankMayBeAskedToStop() throws {
        try learner.endsInSpite(of: .exchange(rank: 3, 160), workers: [3], stops: 2)
        try learner.endsInSpite(of: .message(3), workers: [2], stops: 1)
    }

    @Test func finishedLearnerIsNotTrainedAgain() throws { try learner.isNotTrainedAgain() }
}
