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

    /// Seconds that messages have taken beside computing: those that its communicator counts as waited for, and nobody did.
    package var overlappedSeconds = 0.0

    /// All of the group share one node's memory: a message costs little more than a copy.
    public let isOnOneNode: Bool
    /// A number of each worker, twice, in turns: who reads one may do so while others write the next. nil: they are sent.
    private let words: SharedMemory?
    private var turn = 0

    /// Collective.
    ///
    /// - Parameter device: nil: the CPU, with the threads of `team`.
    public init(communicator: any Communicator, team: ThreadTeam, device: (any Device)? = nil) throws {
        self.communicator = communicator
        self.team = team
        self.device = device ?? CPUDevice(team: team)
        let isOnOneNode = try communicator.splitByNode().size == communicator.size
        self.isOnOneNode = isOnOneNode
        words = isOnOneNode && communicator.size > 1 ? try communicator.sharedMemory(floats: 2 * communicator.size) : nil
    }

    /// How each of the group cuts `count` things: D columns of the embeddings, N documents of the search.
    public func slices(_ count: Int) -> [Range<Int>] { evenRanges(count, parts: size) }

    public func ownSlice(_ count: Int) -> Range<Int> { slices(count)[rank] }

    /// One rank that works alone, without any other.
    public static func alone(threads: Int) throws -> WorkerGroup {
        try WorkerGroup(communicator: ThreadCommunicator.group(size: 1)[0], team: ThreadTeam(size: max(1, threads)))
    }
}

extension WorkerGroup {
    /// The largest of all workers' values. Collective.
    package func maximum(_ value: UInt8) throws -> UInt8 {
        guard let words else { return try communicator.maximum(value) }
        turn = 1 - turn
        words.integers[turn * size + rank] = Int32(value)
        try words.barrier()
        return (0..<size).reduce(0) { max($0, UInt8(words.integers[turn * size + $1])) }
    }

    /// Makes a padded matrix whole on all workers, of which each has the rows of its slice. Collective.
    package func gather(_ matrix: Tensor, slices: [Range<Int>]) throws {
        let ld = matrix.stride, blocks = slices.map { $0.lowerBound * ld..<$0.upperBound * ld }
        try device.withHost(matrix.withPadding, .readWrite) { try communicator.allgather($0, blocks: blocks) }
    }

    /// Begins `gather`: until what it returns has finished, the matrix is neither read nor written.
    package func beginGather(_ matrix: Tensor, slices: [Range<Int>]) throws -> Pending {
        guard let host = device.hostMemory(of: matrix.withPadding) else {
            try gather(matrix, slices: slices)
            return Pending()
        }
        let ld = matrix.stride, blocks = slices.map { $0.lowerBound * ld..<$0.upperBound * ld }
        return try communicator.beginAllgather([(host, blocks)])
    }

    /// The rows of all workers' matrices, one worker's behind the other's. Collective.
    package func gatherRows(_ own: CSRMatrix) throws -> CSRMatrix {
        if size == 1 { return own }
        let rows = try communicator.allgatherCounts(own.rows), entries = try communicator.allgatherCounts(own.nonZeros)
        let rowBlocks = runningRanges(rows), blocks = runningRanges(entries)
        let counts = Buffer<Int64>(count: rows.reduce(0, +))
        for row in 0..<own.rows { counts[rowBlocks[rank].lowerBound + row] = Int64(own.range(row).count) }
        let columns = Buffer<Int32>(count: entries.reduce(0, +)), values = Buffer<Float>(count: columns.count)
        columns[blocks[rank]].update(from: own.indices.all)
        values[blocks[rank]].update(from: own.values!.all)
        try communicator.allgather(counts, blocks: rowBlocks)
        try communicator.allgather(columns, blocks: blocks)
        try communicator.allgather(values, blocks: blocks)
        let starts = Buffer<Int64>(count: counts.count + 1)
        for row in 0..<counts.count { starts[row + 1] = starts[row] + counts[row] }
        return CSRMatrix(rows: counts.count, cols: own.cols, starts: starts, indices: columns, values: values)
    }
}
