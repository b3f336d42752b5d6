import Checkpoint
import Foundation
import Reports
import Support

/// `watch`: what comes to pass in a run, from another terminal or host, by the run's files alone.
public struct RunWatch {
    /// A run's folder of results, `…/v_0`, or one learner's, `…/v_0_22`.
    private let folder: String
    private let pause: Double
    private var tails: [String: FileTail] = [:]
    private var locks: [String: LockWatch] = [:]
    /// The exit code that each learner's last job said, and when; nil: it has not ended.
    private var ends: [Int: (code: Int?, time: String)] = [:]
    /// When a group took up a learner last.
    private var lastStart = ""
    private let time = Stopwatch()

    /// - Parameter pause: seconds between two looks.
    public init(folder: String, pause: Double = 0.5) {
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        self.pause = pause
    }

    /// Gives each event on as it comes, those that are there already first, and returns when no job works on the run any more.
    ///
    /// - Returns: the exit code of the job; that of an interrupted one where it ended without a word.
    /// - Throws: `Failure` where there is no run.
    public mutating func run(_ show: (TrainingEvent) throws -> Void) throws -> Int32 {
        guard !folders.isEmpty, hasRun else {
            throw Failure(
                .usage, "no run to watch", at: folder, found: isFolder(folder) ? "no events, and no job" : "no such folder",
                expected: "a folder of results: results/<framework>/<arch>/<dataset>/v_<version>",
                advice: "start the job first; it makes the folder when it has read its data")
        }
        while true {
            // Asked before the events are read, so that none that a job wrote last is missed.
            let isRunning = isHeld()
            for event in newEvents() {
                ends[event.learner] = (Self.code(after: event), event.time)
                if event.event == .start || event.event == .resume { lastStart = max(lastStart, event.time) }
                try show(event)
            }
            if !isRunning { return exitCode }
            usleep(UInt32(pause * 1e6))
        }
    }

    /// The exit code of a job whose last word on a learner is this; nil: there must be more to come. A learner that was finished by
    /// an earlier job has nothing to say of the last.
    private static func code(after event: TrainingEvent) -> Int? {
        switch event.event {
        case .end: event.code
        case .learner: 0
        default: nil
        }
    }

    /// Learners that another job begins are found as they come.
    private var folders: [String] {
        let learners = EventFile.learnerFolders(of: folder)
        return (isFolder(folder) ? [folder] : []) + learners
    }

    private var hasRun: Bool {
        folders.contains { folder in
            [EventFile.name, RunLock.fileName].contains { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
        }
    }

    private mutating func isHeld() -> Bool {
        var isHeld = false
        for folder in folders {
            var lock = locks[folder] ?? LockWatch(folder: folder)
            if lock.isHeld(now: time.seconds) { isHeld = true }
            locks[folder] = lock
        }
        return isHeld
    }

    /// In the order of their times.
    private mutating func newEvents() -> [TrainingEvent] {
        var events: [TrainingEvent] = []
        for folder in folders {
            var tail = tails[folder] ?? FileTail(path: "\(folder)/\(EventFile.name)")
            events += tail.newLines().compactMap { TrainingEvent(line: $0) }
            tails[folder] = tail
        }
        return events.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// Of the last job: one that had ended when another learner was taken up was not it.
    private var exitCode: Int32 {
        let interrupted = Int(Failure.Code.interrupted.rawValue)
        let codes = ends.values.filter { $0.code == nil || $0.time >= lastStart }.map { $0.code ?? interrupted }
        return Int32(truncatingIfNeeded: codes.max { $0.magnitude < $1.magnitude } ?? 0)
    }
}
