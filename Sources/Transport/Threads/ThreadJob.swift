import Support

/// The ranks that one `ThreadCommunicator.group` made, and what became of them; shared by the communicators split off it.
///
/// Every property is read and written with the monitor's lock held.
final class ThreadJob: @unchecked Sendable {
    let size: Int
    /// Condition r belongs to the rank r; the last one to whoever waits for the end of all ranks.
    let monitor: Monitor
    /// Whether an abort ends the process, or only this job (in tests).
    let abortEndsProcess: Bool
    private(set) var ended: [Bool]
    private(set) var failure: (rank: Int, error: any Error)?
    /// Nanoseconds of each rank in exchanges.
    var waited: [UInt64]

    init(size: Int, abortEndsProcess: Bool) {
        self.size = size
        self.abortEndsProcess = abortEndsProcess
        monitor = Monitor(conditions: size + 1)
        ended = Array(repeating: false, count: size)
        waited = Array(repeating: 0, count: size)
    }

    /// Notes that a rank has ended, wakes all who may wait for it; the first error of a job is kept.
    func end(_ rank: Int, error: (any Error)?) {
        monitor.locked {
            ended[rank] = true
            if let error, failure == nil { failure = (rank, error) }
            monitor.signalAll()
        }
    }

    /// Sleeps until all ranks have ended; returns the first error of any.
    func waitForAll() -> (any Error)? {
        monitor.locked {
            while ended.contains(false) { monitor.wait(size) }
            return failure?.error
        }
    }

    /// Throws where a rank of the job has failed: what the others were to wait for may never come.
    func check() throws {
        guard let failure else { return }
        let code = (failure.error as? Failure)?.code ?? .outOfResources
        throw Failure(code, "rank \(failure.rank) failed", found: "\(failure.error)")
    }
}

/// What one rank offers another in an exchange; the receiver copies straight from the sender's memory.
final class Parcel {
    enum State {
        case waiting, copying, done
        case refused(expected: Int)
    }
    let bytes: UnsafeRawBufferPointer
    let target: Int
    var state = State.waiting
    init(bytes: UnsafeRawBufferPointer, target: Int) {
        self.bytes = bytes
        self.target = target
    }
}

/// What the members of one communicator share. Guarded by the job's monitor.
final class ThreadGroup: @unchecked Sendable {
    struct SplitName: Hashable {
        var round: Int
        var color: Int
    }
    /// Number in the job of each member.
    let members: [Int]
    /// parcels[receiver][sender], in the order sent.
    var parcels: [[[Parcel]]]
    /// posts[receiver], in the order sent.
    var posts: [[(peer: Int, tag: Int, bytes: [UInt8])]]
    /// Groups that some of their members have yet to fetch.
    private var memories: [Int: (buffer: Buffer<Float>, fetched: Int)] = [:]
    private var children: [SplitName: (group: ThreadGroup, fetched: Int)] = [:]

    init(members: [Int]) {
        self.members = members
        parcels = Array(repeating: Array(repeating: [], count: members.count), count: members.count)
        posts = Array(repeating: [], count: members.count)
    }

    /// Memory that all members who ask for the same number share.
    func memory(_ number: Int, floats: Int) -> Buffer<Float> {
        var entry = memories[number] ?? (Buffer(count: floats), 0)
        entry.fetched += 1
        memories[number] = entry.fetched == members.count ? nil : entry
        return entry.buffer
    }

    /// The group that all members who give this name share; made by the first, forgotten after the last.
    func child(_ name: SplitName, members: [Int]) -> ThreadGroup {
        var entry = children[name] ?? (ThreadGroup(members: members), 0)
        entry.fetched += 1
        children[name] = entry.fetched == members.count ? nil : entry
        return entry.group
    }
}
