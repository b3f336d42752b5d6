import Config
import Foundation
import Learners
import Messages
import Reports
import Scoring
import Support

/// Writes what comes to pass in training: into each learner's folder of results, and where a person asked for it.
///
/// The files in the folders are part of the results, so that whatever cannot be written there ends the job. A person's own file or
/// folder is given up after a failure, with a notice: training goes on.
final class EventRecorder {
    private let options: TrainOptions
    private let plan: RunPlan
    private let notice: (String) -> Void
    /// Of learners that this job has taken up.
    private var files: [Int: AppendedFile] = [:]
    private var stream: AppendedFile?
    private var board: TensorBoardLog?

    /// - Throws: `Failure` where `--events` or `--tensorboard` name what cannot be written.
    init(_ options: TrainOptions, plan: RunPlan, stop: StopFlag, notice: @escaping (String) -> Void) throws {
        (self.options, self.plan, self.notice) = (options, plan, notice)
        if options.dryRun { return }
        stream = try options.events.map { try Self.stream($0, options, stop, notice) }
        board = try options.tensorBoard.map { try TensorBoardLog(folder: $0, run: options.runName) }
    }

    private static func stream(_ path: String, _ options: TrainOptions, _ stop: StopFlag, _ notice: (String) -> Void) throws
        -> AppendedFile
    {
        try EventFile.checkHoldsEvents(path)
        if lastName(path) == EventFile.name,
            options.seeds.contains(where: { isSamePlace(path, "\(options.resultFolder(seed: $0))/\(EventFile.name)") })
        {
            throw Failure(
                .usage, "a learner's own file of events", at: "--events \(path)", found: "each event would be in it twice",
                expected: "another file", advice: "leave --events out: this file is written all the same")
        }
        var isSaid = false
        return try AppendedFile(path: path, anew: options.fresh) {
            if !isSaid { notice("\(path): waiting until somebody reads the pipe") }
            isSaid = true
            guard stop.isSet else { return }
            throw Failure(
                .interrupted, "stopped while nobody read the pipe", at: "--events \(path)", expected: "a reader: cat \(path)",
                advice: "start the reader first, or leave --events out")
        }
    }

    /// A group takes up a learner.
    func begin(_ seed: UInt64, workers: [Int]) throws {
        let folder = options.resultFolder(seed: seed), path = "\(folder)/\(EventFile.name)"
        // Without a checkpoint it begins anew, whatever an earlier job has said.
        let hasCheckpoint = namesInFolder(options.modelFolder(seed: seed)).contains { $0.hasPrefix("ckpt_") }
        let isNew = options.fresh || !hasCheckpoint || !FileManager.default.fileExists(atPath: path)
        let learner = Int(truncatingIfNeeded: seed)
        try makeFolder(folder)
        files[learner] = try AppendedFile(path: path, anew: isNew)
        var event = TrainingEvent(isNew ? .start : .resume, learner: learner)
        event.workers = workers.map(place)
        event.plannedMiB = (0..<plan.worldSize).map { (Double(plan.memory(ofRank: $0).bytes) / 1_048_576).rounded(digits: 1) }
        event.mappedMiB = (Double(plan.mappedBytes) / 1_048_576).rounded(digits: 1)
        event.plan = plan.description
        try write(event)
    }

    /// What a group reports; how far a piece of work is, is none of it.
    func record(_ progress: ProgressEvent, rank: Int) throws {
        guard progress.progress == nil else { return }
        try write(TrainingEvent(progress, rank: place(rank)))
    }

    /// A rank has done its share of a learner, or was stopped.
    func record(_ summary: LearnerSummary, rank: Int) throws { try write(TrainingEvent(summary, rank: place(rank))) }

    /// A learner is trained and measured.
    func finish(_ seed: UInt64, _ metrics: MetricTable) throws {
        var event = TrainingEvent(.learner, learner: Int(truncatingIfNeeded: seed))
        event.metrics = ["P": metrics.P, "nDCG": metrics.nDCG, "PSP": metrics.PSP].mapValues { $0.map { $0.rounded(digits: 4) } }
        try write(event)
    }

    /// The job ends: said for each learner that it has taken up.
    func end(code: Int32) throws {
        for learner in files.keys.sorted() {
            var event = TrainingEvent(.end, learner: learner)
            event.code = Int(code)
            try write(event)
        }
        files = [:]
    }

    /// A job of one rank has its worker beside the coordinator.
    private func place(_ rank: Int) -> Int { plan.worldSize == 1 ? 0 : rank }

    private func write(_ event: TrainingEvent) throws {
        let line = event.line
        try files[event.learner]?.append(line)
        stream = kept(stream) { try $0.append(line) }
        board = kept(board) { try $0.write(event) }
    }

    /// The output, or nothing where it failed.
    private func kept<Output>(_ output: Output?, _ write: (Output) throws -> Void) -> Output? {
        guard let output else { return nil }
        do { try write(output) } catch {
            notice("no more events are written there: \(error)")
            return nil
        }
        return output
    }
}
