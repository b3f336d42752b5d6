import Checkpoint
import Foundation
import TestSupport
import Testing

@Suite struct LockWatchTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func leave(_ holder: LockHolder, counter: Int) throws {
        let line = String(decoding: try JSONEncoder().encode(holder), as: UTF8.self)
        try folder.write(RunLock.fileName, "\(line)\n\(String(format: "%020d", counter))\n")
    }

    @Test func aJobOfThisHost() throws {
        var watch = LockWatch(folder: folder.path)
        func isHeld(_ now: Double) -> Bool { watch.isHeld(now: now) }
        #expect(!isHeld(0))
        let lock = try RunLock(folder: folder.path)
        #expect(isHeld(0) && isHeld(1000))
        lock.release()
        #expect(!isHeld(1001))
        var ended = LockHolder.current()
        ended.pid = Int32.max - 1
        try leave(ended, counter: 0)
        #expect(!isHeld(1002))
        #expect(folder.names == [RunLock.fileName], "a look changes nothing")
    }

    @Test func aJobOfAnotherHostLivesWhileItCounts() throws {
        var stranger = LockHolder.current(), watch = LockWatch(folder: folder.path, silence: 30)
        func isHeld(_ now: Double) -> Bool { watch.isHeld(now: now) }
        (stranger.host, stranger.boot) = ("node7", "another")
        try leave(stranger, counter: 0)
        #expect(isHeld(0) && isHeld(29) && !isHeld(30))
        try leave(stranger, counter: 1)
        #expect(isHeld(31) && isHeld(60) && !isHeld(61))
        watch = LockWatch(folder: folder.path)
        #expect(isHeld(100) && isHeld(129.5) && !isHeld(130), "half a minute where nothing is said")
    }
}
