import Checkpoint
import Foundation
import Support
import Synchronization
import TestSupport
import Testing

private let quick = RunLock.Timing(beat: 0.05, silence: 1, settle: 0.1)

/// Someone else of this host, whose process number is no longer in use.
private func ended() -> LockHolder {
    var holder = LockHolder.current()
    holder.pid = Int32.max - 1
    return holder
}

/// Someone of another host, of whom nothing can be known but what the file says.
private func stranger() -> LockHolder {
    var holder = LockHolder.current()
    (holder.host, holder.boot) = ("node7", "another")
    return holder
}

private func leave(_ holder: LockHolder, in scratch: TemporaryFolder, counter: Int = 0, to name: String = RunLock.fileName) throws
{
    let text = String(decoding: try JSONEncoder().encode(holder), as: UTF8.self) + "\n" + String(format: "%020d\n", counter)
    try Data(text.utf8).write(to: URL(fileURLWithPath: scratch.file(name)))
}

@Suite struct RunLockTests {
    @Test func oneAtATimeAndNothingStays() throws {
        let scratch = try TemporaryFolder(), folder = scratch.file("v_0_1")
        let lock = try RunLock(folder: folder, timing: quick)
        let found = try failure { _ = try RunLock(folder: folder, timing: quick) }
        #expect(found.code == .usage && found.place == "\(folder)/run.lock" && found.found.contains("process \(getpid()) on "))
        try lock.check()
        lock.release()
        #expect(!FileManager.default.fileExists(atPath: folder))
        try RunLock(folder: folder, timing: quick).release()
    }

    @Test func aDeadHolderOfThisHostIsReplacedAtOnce() throws {
        let scratch = try TemporaryFolder(), notices = Notices()
        try leave(ended(), in: scratch)
        let time = Stopwatch(), lock = try RunLock(folder: scratch.path, timing: .init(silence: 60), notice: notices.add)
        #expect(time.seconds < 30 && notices.text.contains("has ended"))
        try lock.check()
        lock.release()
        #expect(scratch.names.isEmpty)
    }

    /// The number of a process that has ended is given to another one.
    @Test func aNumberThatIsUsedAgainIsNotTheHolder() throws {
        let scratch = try TemporaryFolder()
        var holder = LockHolder.current()
        holder.processStart -= 1
        try leave(holder, in: scratch)
        try RunLock(folder: scratch.path, timing: .init(silence: 60)).release()
    }

    @Test func aStrangerWhoStandsStillIsReplaced() throws {
        let scratch = try TemporaryFolder(), notices = Notices()
        try leave(stranger(), in: scratch)
        // Dates far off in either direction mean nothing.
        for year in [1971, 2100] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: Double(year - 1970) * 3e7)],
                ofItemAtPath: scratch.file("run.lock"))
        }
        try RunLock(folder: scratch.path, timing: quick, notice: notices.add).release()
        #expect(notices.text.contains("node7") && notices.text.contains("has not changed"))
    }

    /// One look at a killed job is enough for all its locks.
    @Test func theOtherLocksOfAStrangerThatHasEndedAreNotWatched() throws {
        let scratch = try TemporaryFolder(), other = try TemporaryFolder()
        try leave(stranger(), in: scratch)
        var later = stranger()
        later.started = "later"
        try leave(later, in: other)
        let lock = try RunLock(folder: scratch.path, timing: quick)
        #expect(lock.predecessor?.host == "node7")
        let time = Stopwatch()
        try RunLock(folder: other.path, timing: .init(silence: 60), ended: lock.predecessor).release()
        #expect(time.seconds < 30)
        lock.release()
        later.pid += 1
        try leave(later, in: other)
        let live = try RunLock(folder: scratch.path, timing: quick, ended: later)
        #expect(live.predecessor == nil)
        live.release()
    }

    @Test func aStrangerWhoLivesIsNamed() throws {
        let scratch = try TemporaryFolder()
        let lock = try RunLock(folder: scratch.path, timing: quick, holder: stranger()), time = Stopwatch()
        let found = try failure { _ = try RunLock(folder: scratch.path, timing: .init(silence: 60)) }
        #expect(found.code == .usage && found.found.contains("on node7") && time.seconds < 30)
        lock.release()
    }

    @Test func aJobThatWasQueuedAgainTakesItsOwnLock() throws {
        let scratch = try TemporaryFolder()
        var before = stranger(), now = LockHolder.current()
        (before.job, before.restarts, now.job, now.restarts) = ("77", 0, "77", 1)
        try leave(before, in: scratch)
        let time = Stopwatch()
        try RunLock(folder: scratch.path, timing: .init(silence: 60), holder: now).release()
        #expect(time.seconds < 30)
        now.job = "78"
        try leave(before, in: scratch, counter: 1)
        let lock = try RunLock(folder: scratch.path, timing: quick, holder: now)
        lock.release()
    }

    /// Garbage, or a file that a job was killed over before it had written it.
    @Test(arguments: ["", "{\"host\":", "\u{0}\u{0}"]) func whatIsNoLockIsWatchedAndReplaced(text: String) throws {
        let scratch = try TemporaryFolder(), notices = Notices()
        try Data(text.utf8).write(to: URL(fileURLWithPath: scratch.file("run.lock")))
        try RunLock(folder: scratch.path, timing: quick, notice: notices.add).release()
        #expect(notices.text.contains("an unknown process"))
    }

    @Test func whoLosesItsLockIsToldAndLeavesTheOther() throws {
        let scratch = try TemporaryFolder()
        let lock = try RunLock(folder: scratch.path, timing: quick)
        try FileManager.default.removeItem(atPath: scratch.file("run.lock"))
        try leave(stranger(), in: scratch)
        usleep(400_000)
        let found = try failure { try lock.check() }
        #expect(found.problem.contains("taken away") && found.found.contains("node7"))
        lock.release()
        #expect(scratch.names == ["run.lock"])
    }

    /// Many jobs find the same stale lock at the same time: one gets it.
    @Test func oneOfManyTakesOver() throws {
        let scratch = try TemporaryFolder()
        for _ in 0..<5 {
            try leave(ended(), in: scratch)
            let held = Mutex([RunLock]()), refused = Atomic<Int>(0)
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                do {
                    let lock = try RunLock(folder: scratch.path, timing: .init(beat: 0.05, silence: 1, settle: 0.3))
                    held.withLock { $0.append(lock) }
                } catch { refused.add(1, ordering: .relaxed) }
            }
            let locks = held.withLock { $0 }
            #expect(locks.count == 1 && refused.load(ordering: .relaxed) == 7)
            for lock in locks { lock.release() }
            #expect(scratch.names.isEmpty)
        }
    }

    /// Both looked at the stale lock at the same moment, and both put theirs in its place: the last one has it.
    @Test func whoseLockIsReplacedWhileItSettlesIsRefused() throws {
        let scratch = try TemporaryFolder()
        try leave(ended(), in: scratch)
        let stale = try Data(contentsOf: URL(fileURLWithPath: scratch.file("run.lock")))
        let other = Thread {
            while FileManager.default.contents(atPath: scratch.file("run.lock")) == stale { usleep(1000) }
            try? leave(stranger(), in: scratch, to: "another")
            rename(scratch.file("another"), scratch.file("run.lock"))
        }
        other.start()
        let found = try failure { _ = try RunLock(folder: scratch.path, timing: .init(settle: 1)) }
        #expect(found.code == .usage && found.found.contains("on node7"))
    }

    @Test func aFolderWhereNobodyMayWrite() throws {
        let found = try failure { _ = try RunLock(folder: "/proc/nowhere", timing: quick) }
        #expect(found.place.hasPrefix("/proc/nowhere"))
    }
}
