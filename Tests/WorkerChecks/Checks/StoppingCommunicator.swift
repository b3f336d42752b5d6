import Messages
import Support
import Synchronization
import Transport

/// When a rank's stop flag is set: as a signal would do it, but at the same moment in every run.
public enum StopMoment: Sendable, Equatable {
    /// At the leader of the (only) group, when it looks for a command for the n-th time after it was told to train.
    case look(Int)
    /// At the worker of this world rank, in its n-th exchange of messages.
    case exchange(rank: Int, Int)
    /// At the coordinator, when it has got its n-th message.
    case message(Int)
}

/// Passes all calls on, and sets a rank's stop flag at a moment counted in calls.
final class StoppingCommunicator: Communicator {
    private let base: any Communicator
    private let trigger: StopTrigger

    convenience init(_ base: any Communicator, _ moment: StopMoment?, _ flag: StopFlag) {
        self.init(base, StopTrigger(moment: moment, rank: base.rank, flag: flag))
    }

    private init(_ base: any Communicator, _ trigger: StopTrigger) {
        self.base = base
        self.trigger = trigger
    }

    var rank: Int { base.rank }
    var size: Int { base.size }
    var host: String { base.host }
    var waitedSeconds: Double { base.waitedSeconds }

    func exchange(send: [Message], receive: [Message]) throws {
        trigger.exchanged()
        try base.exchange(send: send, receive: receive)
    }

    func post(_ bytes: [UInt8], to peer: Int, tag: Int) throws { try base.post(bytes, to: peer, tag: tag) }

    func poll(from peer: Int?, tag: Int) throws -> (peer: Int, bytes: [UInt8])? {
        let message = try base.poll(from: peer, tag: tag)
        trigger.polled(tag: tag, found: message != nil)
        return message
    }

    func split(color: Int?, key: Int) throws -> (any Communicator)? {
        try base.split(color: color, key: key).map { StoppingCommunicator($0, trigger) }
    }

    func splitByNode() throws -> any Communicator { StoppingCommunicator(try base.splitByNode(), trigger) }

    func sharedMemory(floats: Int) throws -> SharedMemory? {
        guard let memory = try base.sharedMemory(floats: floats) else { return nil }
        return SharedMemory(memory.floats) { [trigger] in
            trigger.exchanged()
            return try memory.arrive()
        }
    }

    func abort(code: Int32) -> Never { base.abort(code: code) }
}

/// Counts one rank's calls over all its communicators.
private final class StopTrigger {
    private let moment: StopMoment?, rank: Int, flag: StopFlag
    private var looks = 0, exchanges = 0, messages = 0
    private var isTraining = false

    init(moment: StopMoment?, rank: Int, flag: StopFlag) { (self.moment, self.rank, self.flag) = (moment, rank, flag) }

    func exchanged() {
        exchanges += 1
        if case .exchange(rank, let n) = moment, exchanges == n { flag.set() }
    }

    func polled(tag: Int, found: Bool) {
        if rank == 0 {
            if found { messages += 1 }
            if case .message(let n) = moment, messages == n { flag.set() }
        } else if tag == MessageTag.command {
            if isTraining { looks += 1 }
            if found { isTraining = true }
            // The flag is read before the poll: it is seen at the next look.
            if case .look(let n) = moment, looks == n - 1, isTraining { flag.set() }
        }
    }
}
