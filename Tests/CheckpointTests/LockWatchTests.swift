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
        #expect([0].map { watch.isHeld(now: $0) } == [false])
        let lock = try RunLock(folder: folder.path)
        #expect([0, 1000].map { watch.isHeld(now: $0) } == [true, true])
        lock.release()
        #expect([1001].map { watch.isHeld(now: $0) } == [false])
        var ended = LockHolder.current()
        ended.pid = Int32.max - 1
        try leave(ended, counter: 0)
        #expect([1002].map { watch.isHeld(now: $0) } == [false])
        #expect(folder.names == [RunLock.fileName], "a look changes nothing")
    }

    @Test func aJobOfAnotherHostLivesWhileItCounts() throws {
        var stranger = LockHolder.current(), watch = LockWatch(folder: folder.path, silence: 30)
        (stranger.host, stranger.boot) = ("node7", "another")
        try leave(stranger, counter: 0)
        #expect([0, 29, 30].map { watch.isHeld(now: $0) } == [true, true, false])
        try leave(stranger, counter: 1)
        #expect([31, 60, 61].map { watch.isHeld(now: $0) } == [true, true, false])
    }
}
