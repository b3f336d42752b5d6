import Diagnostics
import Dispatch
import Foundation
import Glibc
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
    private let file: LockFile
    private let timing: Timing
    private let stopping = DispatchSemaphore(value: 0), stopped = DispatchSemaphore(value: 0)
    private let released = Atomic<Bool>(false), lost = Atomic<Bool>(false)

    /// Takes the lock of `folder`, which is made where it is missing. Takes up to `timing.silence` seconds where a lock is
    /// there whose holder can't be asked.
    ///
    /// - Parameter notice: told what is waited for, and what was taken over.
    /// - Throws: `Failure(.usage)` that names the holder where another job works there.
    public init(
        folder: String, timing: Timing = Timing(), holder: LockHolder = .current(), notice: (String) -> Void = { _ in }
    ) throws {
        self.timing = timing
        path = "\(folder)/\(Self.fileName)"
        try SafeFile.makeFolder(folder)
        if let new = try LockFile.create(path, holder: holder) {
            file = new
        } else {
            try Self.wait(untilStale: path, for: holder, timing, notice)
            file = try LockFile.replace(path, holder: holder)
            usleep(UInt32(timing.settle * 1e6))
            if !file.isInPlace { throw Self.refusal(path, LockFile.holder(of: path)) }
        }
        let thread = Thread { [self] in beat() }
        thread.name = "run-lock"
        thread.start()
    }

    private func beat() {
        while stopping.wait(timeout: .now() + timing.beat) == .timedOut {
            if file.isInPlace { file.beat() } else { lost.store(true, ordering: .relaxed) }
        }
        stopped.signal()
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
        stopping.signal()
        stopped.wait()
        if file.isInPlace { unlink(path) }
    }
}

extension RunLock {
    /// Returns where the lock at `path` is stale or gone.
    private static func wait(untilStale path: String, for me: LockHolder, _ timing: Timing, _ notice: (String) -> Void) throws {
        let holder = LockFile.holder(of: path)
        let who = holder?.text ?? "a process that did not say who it is"
        switch holder?.state(seenBy: me) ?? .unknown {
        case .alive: throw refusal(path, holder)
        case .dead: return notice("\(path) is of \(who), which has ended: it is taken over")
        case .unknown: break
        }
        notice("\(path) is of \(who): watching it for \(Int(timing.silence.rounded(.up))) s for a sign of life")
        let before = LockFile.content(of: path), time = Stopwatch()
        while time.seconds < timing.silence {
            usleep(UInt32(min(timing.silence, timing.beat) / 10 * 1e6))
            let now = LockFile.content(of: path)
            if now == nil { return }
            if now != before { throw refusal(path, LockFile.holder(of: path)) }
        }
        notice("\(path) has stood still for \(Int(timing.silence.rounded(.up))) s: it is taken over")
    }

    private static func refusal(_ path: String, _ holder: LockHolder?) -> Failure {
        Failure(
            .usage, "another job works on these results", at: path, found: holder?.text ?? "a job that did not say who it is",
            expected: "no other job with this --work, --dataset and --version, or other seeds",
            advice: "wait for it or stop it; or give this one another --version")
    }
}
