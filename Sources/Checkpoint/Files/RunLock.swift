import Foundation
import Glibc
import Support
import Synchronization

/// `run.lock` in a folder of results: one job works there at a time.
///
/// The file names its holder and has a counter that the holder raises every few seconds. A lock is stale where its
/// process is gone (seen on its own host), or where the counter has stood still while it was watched: no clock of another
/// host is asked. File locks of the system are not used, as network file systems often lack them.
public final class RunLock: Sendable {
    public struct Timing: Sendable {
        /// Seconds between two signs of life.
        public var beat: Double
        /// Seconds without one after which a lock is stale.
        public var silence: Double
        /// Seconds after a take-over until the lock is looked at again: another job may have taken it at the same time.
        public var settle: Double

        public init(beat: Double = 5, silence: Double = 30, settle: Double = 0.3) {
            (self.beat, self.silence, self.settle) = (beat, silence, settle)
        }
    }

    public static let fileName = "run.lock"
    private let path: String
    /// Who held the lock before, and was found to have ended.
    public let predecessor: LockHolder?
    /// A folder that was made for the lock alone goes with it.
    private let madeFolder: Bool
    private let file: LockFile
    private let timing: Timing
    private let stopping = WaitFlag(), stopped = WaitFlag()
    private let released = Atomic<Bool>(false), lost = Atomic<Bool>(false)

    /// Takes the lock of `folder`, which is made where it is missing. Takes up to `timing.silence` seconds where a lock is
    /// there whose holder can't be asked.
    ///
    /// - Parameters:
    ///   - ended: the holder of another lock that was found to have ended: its other locks are stale too.
    ///   - notice: told what is waited for, and what was taken over.
    /// - Throws: `Failure(.usage)` that names the holder where another job works there.
    public init(
        folder: String, timing: Timing = Timing(), holder: LockHolder = .current(), ended: LockHolder? = nil,
        notice: (String) -> Void = { _ in }
    ) throws {
        self.timing = timing
        path = "\(folder)/\(Self.fileName)"
        madeFolder = !FileManager.default.fileExists(atPath: folder)
        try makeFolder(folder)
        if let new = try LockFile.create(path, holder: holder) {
            (file, predecessor) = (new, nil)
        } else {
            predecessor = LockFile.holder(of: path)
            let isKnown = predecessor.flatMap { old in ended.map(old.isSameProcess) } ?? false
            let stale = isKnown ? LockFile.content(of: path) : try Self.staleContent(path, for: holder, timing, notice)
            let taken = try LockFile.replace(path, stale, holder: holder)
            if taken != nil { usleep(UInt32(timing.settle * 1e6)) }
            guard let taken, taken.isInPlace else { throw Self.refusal(path, LockFile.holder(of: path)) }
            file = taken
        }
        let thread = Thread { [self] in beat() }
        thread.name = "run-lock"
        thread.start()
    }

    private func beat() {
        while !stopping.wait(seconds: timing.beat) {
            if file.isInPlace { file.beat() } else { lost.store(true, ordering: .relaxed) }
        }
        stopped.set()
    }

    /// - Throws: `Failure(.usage)` where the lock was taken away (this process had stood still, or someone deleted the file).
    public func check() throws {
        guard lost.load(ordering: .relaxed) else { return }
        throw Failure(
            .usage, "the lock of this run was taken away", at: path,
            found: LockFile.holder(of: path).map(\.text) ?? "no lock", expected: "this job's own lock until it ends",
            advice: "let the other job finish; its results are those of the same command")
    }

    /// Gives the lock back; once.
    public func release() {
        guard !released.exchange(true, ordering: .relaxed) else { return }
        stopping.set()
        stopped.wait(seconds: nil)
        guard file.isInPlace else { return }
        unlink(path)
        if madeFolder { rmdir(parentFolder(path)) }
    }
}

extension RunLock {
    /// What stands in the lock at `path` where it is stale; nil where it is gone.
    private static func staleContent(
        _ path: String, for me: LockHolder, _ timing: Timing, _ notice: (String) -> Void
    ) throws -> Data? {
        let before = LockFile.content(of: path)
        let holder = LockFile.holder(of: path)
        let who = holder?.text ?? "a process that did not say who it is"
        switch holder?.state(seenBy: me) ?? .unknown {
        case .alive: throw refusal(path, holder)
        case .dead:
            notice("\(path) is of \(who), which has ended: it is taken over")
            return before
        case .unknown: break
        }
        notice("\(path) is of \(who): watching it for \(Int(timing.silence.rounded(.up))) s for a sign of life")
        let time = Stopwatch()
        while time.seconds < timing.silence {
            usleep(UInt32(min(timing.silence, timing.beat) / 10 * 1e6))
            let now = LockFile.content(of: path)
            if now == nil { return nil }
            if now != before { throw refusal(path, LockFile.holder(of: path)) }
        }
        notice("\(path) has stood still for \(Int(timing.silence.rounded(.up))) s: it is taken over")
        return before
    }

    private static func refusal(_ path: String, _ holder: LockHolder?) -> Failure {
        Failure(
            .usage, "another job works on these results", at: path, found: holder?.text ?? "a job that did not say who it is",
            expected: "no other job with this --work, --dataset and --version, or other seeds",
            advice: "wait for it or stop it; or give this one another --version")
    }
}
