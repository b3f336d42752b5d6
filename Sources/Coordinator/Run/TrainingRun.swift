import Config
import Datasets
import Foundation
import Glibc
import Messages
import Scoring
import Support
import Transport

/// What the coordinator keeps an eye on between messages.
struct RunMonitor {
    let locks: RunLocks?
    /// What comes to pass is written there.
    let events: EventRecorder
    /// Of each world rank.
    let hosts: [String]
    let time = Stopwatch()
}

/// A learner whose scores are collected, and the world ranks that send them.
private struct Collecting {
    let scores: LearnerCollection<SpooledMatrix>
    /// Of the validation documents; nil: the run has none.
    let validation: LearnerCollection<SpooledMatrix>?
    let workers: [Int]
}

/// The coordinator's loop: hands seeds to groups, collects their scores, and ends when no seed is left.
///
/// It never trains, and between messages it sleeps: under 2 % of a core while workers train.
final class TrainingRun {
    private let world: any Communicator
    private let plan: RunPlan
    private let options: TrainOptions
    private let data: XCDataset
    private let stop: StopFlag
    private let reporter: ProgressReporter
    private let team: ThreadTeam
    private var queue: [UInt64]
    /// Of the learners in training, by their seeds.
    private var collections: [UInt64: Collecting] = [:]
    private var attendance = Attendance(groups: [])
    private var stopSent = false
    private(set) var wasInterrupted = false
    /// CPU seconds of this process on reports and waiting, without those on scores and results.
    private(set) var leadingSeconds = 0.0
    private var scoringSeconds = 0.0
    /// MiB a world rank.
    private(set) var peakRSS: [Double]
    /// Seconds that each world rank waited for messages while it trained.
    private(set) var commSeconds: [Double]
    private let monitor: RunMonitor
    /// Called with each learner as it is finished.
    private let onFinish: (LearnerResult) throws -> Void

    init(
        world: any Communicator, plan: RunPlan, seeds: [UInt64], options: TrainOptions, data: XCDataset, stop: StopFlag,
        reporter: ProgressReporter, team: ThreadTeam, monitor: RunMonitor, onFinish: @escaping (LearnerResult) throws -> Void
    ) {
        self.world = world
        self.plan = plan
        self.options = options
        self.data = data
        self.stop = stop
        self.reporter = reporter
        self.team = team
        self.monitor = monitor
        self.onFinish = onFinish
        queue = seeds
        peakRSS = Array(repeating: 0, count: plan.worldSize)
        commSeconds = peakRSS
    }

    /// Returns when every group has ended.
    func run(workers groups: [[Int]]) throws {
        attendance = Attendance(groups: groups)
        let began = cpuSeconds()
        // In a job of one rank the worker is a thread beside this one.
        let silence = plan.worldSize > 1 ? options.silenceSeconds : nil
        var watchdog = silence.map {
            Watchdog(ranks: groups.joined(), timeout: $0, hosts: monitor.hosts, now: monitor.time.seconds)
        }
        defer { leadingSeconds = cpuSeconds() - began - scoringSeconds }
        while !attendance.isOver {
            if stop.isSet && !stopSent { try stopAll() }
            guard let (rank, bytes) = try world.poll(from: nil, tag: MessageTag.report) else {
                try watchdog?.look(now: monitor.time.seconds)
                try monitor.locks?.check()
                watchdog?.dismiss(attendance.resting)
                usleep(4000)
                continue
            }
            watchdog?.heard(rank, now: monitor.time.seconds)
            switch try WorkerMessage(decoding: bytes) {
            case .scores(let block): try scoring { try store(block) }
            case .report(let report): try handle(report, from: rank, groups)
            }
        }
    }

    private func scoring<Result>(_ body: () throws -> Result) rethrows -> Result {
        let began = cpuSeconds()
        defer { scoringSeconds += cpuSeconds() - began }
        return try body()
    }

    /// Tells the workers of the group of each block that is stored.
    private func store(_ block: ScoreBlock) throws {
        guard let learner = collections[block.seed] else { return }
        let collection = block.isValidation ? learner.validation : learner.scores
        for _ in 0..<(try collection?.add(block) ?? 0) {
            for worker in learner.workers { try world.post([1], to: worker, tag: MessageTag.stored) }
        }
    }

    private func handle(_ report: Report, from rank: Int, _ groups: [[Int]]) throws {
        switch report {
        case .ready(let group): try assign(group, leader: rank, workers: groups[group])
        case .progress(let event):
            reporter.report(event, rank: rank)
            try monitor.events.record(event, rank: rank)
        case .heartbeat: break
        case .notice(let text): reporter.note(text, rank: rank)
        case .warning(let text): reporter.warn(text, rank: rank)
        case .done(let summary): try finish(summary, rank: rank)
        case .paused(let summary): try monitor.events.record(summary, rank: rank)
        case .failed(let failure): throw failure
        case .interrupted(let worker, _):
            wasInterrupted = true
            stop.set()
            attendance.interrupt(worker)
        }
    }

    private func assign(_ group: Int, leader: Int, workers: [Int]) throws {
        let command: Command
        if stop.isSet {
            command = .stop
            attendance.await(group)
        } else if queue.isEmpty {
            command = .finish
            attendance.dismiss(group)
        } else {
            let seed = queue.removeFirst()
            collections[seed] = Collecting(
                scores: collection(seed, workers: workers.count, documents: data.testFeatures.rows),
                validation: data.validation.map { collection(seed, workers: workers.count, documents: $0.features.rows) },
                workers: workers)
            attendance.await(group)
            try monitor.events.begin(seed, workers: workers)
            command = .train(seed: seed)
        }
        try world.post(Array(JSONEncoder().encode(command)), to: leader, tag: MessageTag.command)
    }

    /// Scores wait in the folder in which the learner's predictions will be.
    private func collection(_ seed: UInt64, workers: Int, documents: Int) -> LearnerCollection<SpooledMatrix> {
        let labels = data.labelCountInFile, folder = options.resultFolder(seed: seed)
        return LearnerCollection(
            documents: documents, labels: labels, topK: options.config.global.topK, workers: workers,
            rerankerBeta: options.config.reranker.beta, team: team
        ) { try SpooledMatrix(rows: documents, cols: labels, folder: folder) }
    }

    private func finish(_ summary: LearnerSummary, rank: Int) throws {
        let place = plan.worldSize == 1 ? 0 : rank
        try monitor.events.record(summary, rank: rank)
        peakRSS[place] = summary.peakRSSMiB
        commSeconds[place] += summary.commSeconds
        attendance.finish(rank)
        guard let collecting = collections[summary.seed], collecting.scores.finish(summary) else { return }
        collections[summary.seed] = nil
        try ProgressScope.section("seed \(summary.seed) results") { try conclude(summary, collecting) }
    }

    private func conclude(_ summary: LearnerSummary, _ collecting: Collecting) throws {
        func parts(_ collection: LearnerCollection<SpooledMatrix>) throws -> LearnerParts {
            let rows = try collection.sinks()
            return LearnerParts(clf: rows.clf, knn: rows.knn, reranker: rows.reranker)
        }
        try scoring {
            let scores = try ProgressScope.stage("merging scores") { _ in try parts(collecting.scores) }
            let validation = try collecting.validation.map {
                ValidationResult(scores: try parts($0), decided: summary.validation ?? LearnerValidation())
            }
            try onFinish(
                LearnerResult(
                    seed: summary.seed, scores: scores, seconds: collecting.scores.seconds, validation: validation))
        }
    }

    /// Tells the leaders at work; a leader that asks for its next seed is told then.
    private func stopAll() throws {
        stopSent = true
        wasInterrupted = true
        let command = Array(try JSONEncoder().encode(Command.stop))
        for leader in attendance.leadersAtWork { try world.post(command, to: leader, tag: MessageTag.command) }
    }
}
