import Foundation
import Support
import Synchronization
import Testing
import Training
import Transport

/// A stop reaches workers that send each other nothing else.
@Suite struct StopLookoutTests {
    /// The rank that is asked to stop may be at work, or wait for the others.
    @Test(arguments: [0, 1, 2], [false, true]) func allHearOfIt(asked: Int, isDone: Bool) throws {
        let stopped = Mutex<Set<Int>>([])
        try ThreadCommunicator.run(size: 3) { group in
            let flag = StopFlag(), lookout = StopLookout(group: group, world: nil, stop: flag)
            let isAsked = group.rank == asked
            if isAsked {
                Thread.detachNewThread {
                    usleep(100_000); flag.set()
                }
            }
            // Those that nobody asks work until they hear of it.
            while !(isAsked && isDone), !lookout.isStopped { usleep(1000) }
            try lookout.waitForPeers()
            if try group.maximum(flag.isSet ? 1 : 0) == 1, flag.isSet { stopped.withLock { _ = $0.insert(group.rank) } }
        }
        #expect(stopped.withLock { $0 } == [0, 1, 2])
    }

    @Test func nobodyGoesOnBeforeAllAreDone() throws {
        let done = Mutex(0)
        try ThreadCommunicator.run(size: 4) { group in
            let lookout = StopLookout(group: group, world: nil, stop: StopFlag())
            for piece in 0..<group.rank {
                usleep(40_000)
                #expect(try !lookout.look(), "piece \(piece)")
            }
            done.withLock { $0 += 1 }
            try lookout.waitForPeers()
            #expect(done.withLock { $0 } == 4)
        }
    }

    @Test func aloneItWaitsForNobody() throws {
        let group = ThreadCommunicator.group(size: 1)[0], flag = StopFlag()
        let lookout = StopLookout(group: group, world: nil, stop: flag)
        #expect(try !lookout.isStopped && !lookout.look())
        try lookout.waitForPeers()
        flag.set()
        #expect(try lookout.isStopped && lookout.look())
    }
}
