import Foundation
import Messages
import Support
import Synchronization
import Transport

/// How a stop reaches all workers of a group that train apart, without messages: whoever is asked to stop tells the others, and
/// all look out for that word.
///
/// Each worker looks between two pieces of its work, asks `isStopped` within them as often as it likes, and at the end calls
/// `waitForPeers`; the collective call that follows finds all of them there.
package final class StopLookout: Sendable {
    private enum Word: UInt8 { case finished = 1, stop }

    private struct State {
        var finishedPeers = 0, told = false
        var sinceLook = Stopwatch()
    }

    private let ranks: Ranks
    private let stop: StopFlag
    private let state = Mutex(State())
    /// Within a piece of work, a stop that another rank was asked for may wait this long.
    private static let lookEverySeconds = 0.25

    /// - Parameter world: where the coordinator's commands come; of the group's leader.
    package init(group: any Communicator, world: (any Communicator)?, stop: StopFlag) {
        ranks = Ranks(group: group, world: world)
        self.stop = stop
    }

    /// Whether this worker should begin nothing new, as all ranks know by now.
    package func look() throws -> Bool {
        try state.withLock { state in
            try look(&state)
            return stop.isSet
        }
    }

    /// The same, at little cost; by any thread.
    package var isStopped: Bool {
        state.withLock { state in
            if state.told || state.sinceLook.seconds < Self.lookEverySeconds { return stop.isSet }
            // A transport that fails here fails again in the next collective call, which says so.
            try? look(&state)
            return stop.isSet
        }
    }

    /// Says that this worker is done, and waits, without burning a core, until all are, or one was asked to stop.
    package func waitForPeers() throws {
        try ranks.tell(Word.finished.rawValue)
        while try state.withLock({ state in
            try look(&state)
            return !stop.isSet && state.finishedPeers < ranks.peers
        }) { usleep(2000) }
    }

    private func look(_ state: inout State) throws {
        state.sinceLook.restart()
        while let word = try ranks.next() {
            if Word(rawValue: word) == .finished { state.finishedPeers += 1 } else { state.told = true }
        }
        if try ranks.isCommandedToStop() || state.told { stop.set() }
        if stop.isSet, !state.told {
            state.told = true
            try ranks.tell(Word.stop.rawValue)
        }
    }
}

/// Of a communicator, only `post` and `poll` are used here, which any thread may call.
private struct Ranks: @unchecked Sendable {
    let group: any Communicator
    let world: (any Communicator)?

    var peers: Int { group.size - 1 }

    func tell(_ word: UInt8) throws {
        for peer in 0..<group.size where peer != group.rank { try group.post([word], to: peer, tag: MessageTag.peer) }
    }

    func next() throws -> UInt8? { try group.poll(from: nil, tag: MessageTag.peer)?.bytes.first }

    func isCommandedToStop() throws -> Bool {
        guard let (_, bytes) = try world?.poll(from: 0, tag: MessageTag.command) else { return false }
        return try JSONDecoder().decode(Command.self, from: Data(bytes)) == .stop
    }
}
