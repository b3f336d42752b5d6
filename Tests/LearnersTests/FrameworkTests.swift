import Config
import Learners
import Testing
import Transport
import WorkerChecks

/// Every framework with every encoder: any number of workers and threads, stopped and gone on, has the same bits of all
/// parameters and predictions, and so the same metrics.
@Suite struct FrameworkTests {
    @Test(arguments: SmallCase.matrix([.astec, .gru, .lstm, .rnn, .xmlcnn, .transformer])) func sequences(_ small: SmallCase)
        throws
    {
        try check(small)
    }

    /// Stacks over bags of words and over dense features.
    @Test(arguments: SmallCase.matrix([.astecMean, .mlp, .identity])) func otherFeatures(_ small: SmallCase) throws {
        try check(small)
    }

    /// Encoders that have layers of their own, by one framework.
    @Test(arguments: [SampleArch.attention, .inception]) func otherEncoders(_ arch: SampleArch) throws {
        let learner = try LearnerComparison(SmallCase(.ova, arch))
        try learner.expectTrained(Self.arrays(SmallCase(.ova, arch)))
        try learner.hasTheSameBits(workers: 2, threads: 2)
        try learner.hasTheSameBits(workers: 5, threads: 1)
        try learner.goesOn(after: .look(3), workers: 2, others: 1)
    }

    private func check(_ small: SmallCase) throws {
        let learner = try LearnerComparison(small)
        try learner.expectTrained(Self.arrays(small))
        expectFramework(small, learner.expected)
        try learner.hasTheSameBits(workers: 2, threads: 2)
        try learner.hasTheSameBits(workers: 4, threads: 1)
        try learner.endsInSpite(of: .look(4), workers: [4, 1, 2], stops: 2)
    }

    @Test func moreWorkersThanBlocks() throws {
        for framework in SmallCase.frameworks {
            let learner = try LearnerComparison(SmallCase(framework, .lstm))
            try learner.hasTheSameBits(workers: 9, threads: 1)
            try learner.hasTheSameBits(workers: 8, threads: 2)
        }
    }

    /// Each module looks three times, once between its epochs; there are looks between modules.
    @Test(arguments: [(SmallCase(.deepXML, .gru), 12), (SmallCase(.ova, .gru), 7), (SmallCase(.anns, .gru), 8)])
    func stoppedOnceAtAnyLook(_ small: SmallCase, looks: Int) throws {
        let learner = try LearnerComparison(small)
        for look in 1...looks { try learner.goesOn(after: .look(look), workers: 1 + look % 3, others: 1 + look / 3 % 3) }
    }

    /// What its modules leave.
    private static func arrays(_ small: SmallCase) -> [String] {
        var own: [String]
        switch small.arch {
        case .astec: own = ["encoder", "residual.weight"]
        case .mlp, .identity: own = ["layers"]
        default: own = ["encoder", "layers"]
        }
        own += ["classifier.weight", "classifier.bias"]
        var arrays = own.map { "reranker.\($0)" } + ["predictions.clf", "predictions.reranker"]
        switch small.framework {
        case .deepXML:
            let coarse = own.filter { $0 == "encoder" || $0 == "layers" }
            arrays += coarse.map { "surrogate.\($0)" } + own.filter { $0 != "encoder" }.map { "extreme.\($0)" }
            arrays += ["shortlist.train.scores", "shortlist.test.scores", "predictions.knn"]
        case .anns:
            arrays += own.map { "extreme.\($0)" }
            arrays += ["final-shortlist.train.scores", "final-shortlist.test.scores", "predictions.knn"]
        default: arrays += own.map { "extreme.\($0)" }
        }
        return arrays
    }

    /// Modules that the framework doesn't have leave nothing.
    private func expectFramework(_ small: SmallCase, _ outcome: LearnerOutcome) {
        let modules = Set(outcome.arrays.keys.compactMap { $0.split(separator: ".").first.map(String.init) })
        switch small.framework {
        case .deepXML: #expect(modules == ["surrogate", "shortlist", "extreme", "reranker", "predictions"])
        case .anns: #expect(modules == ["extreme", "final-shortlist", "reranker", "predictions"])
        default:
            #expect(modules == ["extreme", "reranker", "predictions"])
            // No similarity of a shortlist: the rows' starts alone.
            #expect(outcome.arrays["predictions.knn"]?.allSatisfy { $0 == 0 } == true)
        }
    }
}
