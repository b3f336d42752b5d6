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

    /// Ten looks between two signs of life: a lock that goes is soon taken.
    @Test func aLockThatGoesIsNoticedAtOnce() throws {
        let scratch = try TemporaryFolder(), time = Stopwatch()
        try leave(stranger(), in: scratch)
        let other = Thread {
            usleep(100_000)
            unlink(scratch.file("run.lock"))
        }
        other.start()
        try RunLock(folder: scratch.path, timing: .init(beat: 0.5, silence: 60, settle: 0.01)).release()
        #expect(time.seconds < 0.95, "\(time.seconds) s")
    }

    /// A holder is the process that the ended one was only where all that names it is the same.
    @Test func whoIsTheSameProcess() throws {
        let changes: [(inout LockHolder) -> Void] = [
            { $0.host = "node8" }, { $0.pid += 1 }, { $0.processStart += 1 }, { $0.boot = "a third" }, { $0.pidNamespace = "x" },
        ]
        for (number, change) in changes.enumerated() {
            let scratch = try TemporaryFolder(), notices = Notices()
            var other = stranger()
            change(&other)
            try leave(other, in: scratch)
            let timing = RunLock.Timing(beat: 0.05, silence: 0.2, settle: 0.01)
            try RunLock(folder: scratch.path, timing: timing, ended: stranger(), notice: notices.add).release()
            #expect(notices.text.contains("watching it for 1 s"), "change \(number)")
        }
    }

    /// What can't be told of a process of this host: where it was started, or how often SLURM has queued it.
    @Test func whoCannotBeAskedIsWatched() throws {
        let changes: [(inout LockHolder, inout LockHolder) -> Void] = [
            { ($0.boot, $1.boot) = ("", "") }, { ($0.pidNamespace, $1.pidNamespace) = ("", "") },
            { old, _ in old.boot = "another" },
            { old, _ in old.pidNamespace = "another" }, { old, _ in old.host = "node7" },
            { ($0.host, $0.job, $0.restarts, $1.job, $1.restarts) = ("node7", "77", 1, "77", 1) },
            { ($0.host, $0.job, $0.restarts, $1.job, $1.restarts) = ("node7", "77", 2, "77", 1) },
            { ($0.host, $0.job, $0.restarts, $1.job, $1.restarts) = ("node7", "77", nil, "77", 1) },
        ]
        for (number, change) in changes.enumerated() {
            let scratch = try TemporaryFolder(), notices = Notices()
            var old = ended(), own = LockHolder.current()
            change(&old, &own)
            try leave(old, in: scratch)
            let timing = RunLock.Timing(beat: 0.05, silence: 0.2, settle: 0.01)
            try RunLock(folder: scratch.path, timing: timing, holder: own, notice: notices.add).release()
            #expect(notices.text.contains("watching it for 1 s") && notices.all.count == 2, "change \(number)")
        }
    }

    /// Fields of /proc/self/stat, the name of the host, its boot.
    @Test func theHolderIsThisProcess() throws {
        let own = LockHolder.current(), stat = try String(contentsOfFile: "/proc/self/stat", encoding: .utf8)
        // The 22nd field; the second is in parentheses.
        let fields = stat[(try #require(stat.lastIndex(of: ")")))...].split(separator: " ")
        #expect(own.pid == getpid() && own.processStart == UInt64(fields[20]) && own.processStart > 0)
        var name = [CChar](repeating: 0, count: 300)
        gethostname(&name, 299)
        #expect(own.host == String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        #expect(own.boot.count == 36 && own.pidNamespace.hasPrefix("pid:["))
        let environment = ProcessInfo.processInfo.environment
        #expect(own.job == environment["SLURM_JOB_ID"] && own.restarts == Int(environment["SLURM_RESTART_COUNT"] ?? "0"))
        #expect(own.started.hasSuffix("Z"))
    }

    /// Ended, though its parent has not looked yet.
    @Test func aZombieHasEnded() throws {
        var child: pid_t = 0
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        #expect(posix_spawn(&child, "/bin/true", nil, nil, arguments, nil) == 0)
        var fields: [Substring] = []
        for _ in 0..<500 where fields.first != "Z" {
            let stat = try String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
            fields = stat[stat.index(after: try #require(stat.lastIndex(of: ")")))...].split(separator: " ")
            usleep(10_000)
        }
        var holder = LockHolder.current()
        (holder.pid, holder.processStart) = (child, try #require(UInt64(fields[19])))
        let scratch = try TemporaryFolder(), notices = Notices()
        try leave(holder, in: scratch)
        try RunLock(folder: scratch.path, timing: .init(silence: 60), notice: notices.add).release()
        #expect(notices.text.contains("which has ended"))
        var status: Int32 = 0
        #expect(waitpid(child, &status, 0) == child)
    }

    /// A line that names the holder, then a number of twenty digits that rises while the holder lives.
    @Test func theCounterHasAFixedWidth() throws {
        let scratch = try TemporaryFolder(), lock = try RunLock(folder: scratch.path, timing: .init(beat: 0.2, silence: 1))
        func counter() throws -> String {
            let lines = try scratch.lines("run.lock")
            #expect(lines.count == 2 && lines[1].count == 20 && lines[0].contains("\"pid\":\(getpid())"))
            return lines[1]
        }
        var seen = [try counter()]
        for _ in 0..<5000 where seen.count < 6 {
            let now = try counter()
            if now != seen.last { seen.append(now) }
            usleep(1000)
        }
        // One more each time: a look may miss some, but not the first two.
        #expect(seen.count == 6 && seen == seen.sorted() && seen.prefix(2).compactMap(Int.init) == [0, 1], "\(seen)")
        lock.release()
    }

    @Test func timesWhereNothingIsSaid() {
        let timing = RunLock.Timing()
        #expect(timing.beat == 5 && timing.silence == 30 && timing.settle == 0.3)
    }

    @Test func aFolderWhereNobodyMayWrite() throws {
        let found = try failure { _ = try RunLock(folder: "/proc/nowhere", timing: quick) }
        #expect(found.place.hasPrefix("/proc/nowhere"))
    }
}
