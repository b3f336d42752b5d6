import Devices
import Support
import Transport

/// The workers that train one learner together, as one of them sees it.
public final class WorkerGroup {
    public let communicator: any Communicator
    public let team: ThreadTeam
    /// Where this worker's tensors live.
    public let device: any Device
    public var rank: Int { communicator.rank }
    public var size: Int { communicator.size }
    public var isLeader: Bool { rank == 0 }

    /// All of the group share one node's memory: a message costs little more than a copy.
    public let isOnOneNode: Bool

    /// Collective.
    ///
    /// - Parameter device: nil: the CPU, with the threads of `team`.
    public init(communicator: any Communicator, team: ThreadTeam, device: (any Device)? = nil) throws {
        self.communicator = communicator
        self.team = team
        self.device = device ?? CPUDevice(team: team)
        isOnOneNode = try communicator.splitByNode().size == communicator.size
    }

    /// How each of the group cuts `count` things: D columns of the embeddings, N documents of the search.
    public func slices(_ count: Int) -> [Range<Int>] { evenRanges(count, parts: size) }

    public func ownSlice(_ count: Int) -> Range<Int> { slices(count)[rank] }

    /// One rank that works alone, without any other.
    public static func alone(threads: Int) throws -> WorkerGroup {
        try WorkerGroup(communicator: ThreadCommunicator.group(size: 1)[0], team: ThreadTeam(size: max(1, threads)))
    }
}
