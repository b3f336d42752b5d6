import Buffers
import Transport

/// The workers that train one learner together, as one of them sees it.
public final class WorkerGroup {
    public let communicator: any Communicator
    public let team: ThreadTeam
    public var rank: Int { communicator.rank }
    public var size: Int { communicator.size }
    public var isLeader: Bool { rank == 0 }

    public init(communicator: any Communicator, team: ThreadTeam) {
        self.communicator = communicator
        self.team = team
    }

    /// How each of the group cuts `count` things: D columns of the embeddings, N documents of the search.
    public func slices(_ count: Int) -> [Range<Int>] { evenRanges(count, parts: size) }

    public func ownSlice(_ count: Int) -> Range<Int> { slices(count)[rank] }
}
