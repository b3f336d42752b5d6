import DeepXMLModel
import Devices
import Support
import Transport

/// Makes x̂ of a batch whole: each worker brings its columns, and gets all of them.
///
/// Where columns are sent, a worker may first get those of its own rows of the batch: the others come while it works.
package final class ActivationExchange {
    private let group: WorkerGroup
    private let slices: [Range<Int>]
    /// nil: columns are sent.
    private let shared: SharedTensors?
    /// B×D, padded. Shared ones take turns, so that a worker may still read a batch while others write the next.
    private let wholes: [Tensor]
    private var turn = 0
    /// Where columns are sent: the workers' columns one after the other, each without padding; of all rows, and of this worker's.
    private let packed: Tensor, packedRows: Tensor
    /// The batch's rows of each worker.
    private var shares: [Range<Int>] = []
    private var early = Pending(), late = Pending()
    /// The others have not been waited for yet.
    private var isUnshared = false
    /// Rows and columns that have come are to be copied to their places.
    private var isPacked = (rows: false, whole: false)

    /// - Parameter rows: the most documents of a batch.
    package init(group: WorkerGroup, dims: Int, rows: Int, shared: SharedTensors?) {
        self.group = group
        self.shared = shared
        slices = group.slices(dims)
        let device = group.device, isSent = shared == nil && group.size > 1
        wholes =
            shared.map { shared in (0..<2).map { _ in shared.paddedTensor(rows: rows, dims: dims) } }
            ?? [device.paddedTensor(rows: rows, dims: dims)]
        packed = device.tensor(rows: 1, cols: isSent ? rows * dims : 0)
        packedRows = device.tensor(rows: 1, cols: isSent ? (rows + group.size - 1) / group.size * dims : 0)
    }

    /// What it shares.
    package static func shapes(dims: Int, rows: Int) -> [(rows: Int, cols: Int)] {
        Array(repeating: (rows, paddedWidth(dims)), count: 2)
    }

    /// What of x̂ is asked for after `begin`.
    package enum Wish { case whole, ownRows, rowsThenWhole }

    /// Brings this worker's columns of a batch: rows×|columns|, without padding. x̂ is there when `ownRows` or `whole` is called,
    /// and stays until the next call of this.
    package func begin(_ own: Tensor, for wish: Wish) throws {
        // Messages of the last batch that nobody asked for.
        try early.finish()
        try late.finish()
        turn = (turn + 1) % wholes.count
        shares = group.slices(own.rows)
        group.device.copy(own, to: wholes[turn].rows(0..<own.rows).columns(slices[group.rank]))
        isUnshared = shared != nil
        guard shared == nil, group.size > 1 else { return }
        group.device.copy(own, to: part(of: group.rank))
        isPacked = (wish != .whole, wish != .ownRows)
        guard let host = group.device.hostMemory(of: packed), let hostRows = group.device.hostMemory(of: packedRows) else {
            isPacked = (false, true)
            return try group.device.withHost(packed, .readWrite) {
                try group.communicator.allgather($0, blocks: slices.map(place))
            }
        }
        if isPacked.rows {
            let width = slices[group.rank].count, first = place(of: slices[group.rank]).lowerBound
            early = try group.communicator.beginAlltoall(
                from: host, shares.map { first + $0.lowerBound * width..<first + $0.upperBound * width }, into: hostRows,
                slices.map { shares[group.rank].count * $0.lowerBound..<shares[group.rank].count * $0.upperBound })
        }
        if isPacked.whole { late = try group.communicator.beginAllgather([(host, slices.map(place))]) }
    }

    /// Where a worker's columns of the batch are in `packed`.
    private func place(of slice: Range<Int>) -> Range<Int> {
        let rows = shares.last?.upperBound ?? 0
        return rows * slice.lowerBound..<rows * slice.upperBound
    }

    private func part(of worker: Int) -> Tensor {
        let place = place(of: slices[worker])
        return packed.matrix(at: place.lowerBound, rows: shares.last?.upperBound ?? 0, cols: slices[worker].count)
    }

    /// This worker's rows of x̂, in a tensor of the whole batch: rows×D, padded.
    package func ownRows() throws -> Tensor {
        guard isPacked.rows else { return try self.whole() }
        try early.finish()
        let own = shares[group.rank], whole = wholes[turn].rows(0..<(shares.last?.upperBound ?? 0))
        for (worker, slice) in slices.enumerated() where worker != group.rank {
            let part = packedRows.matrix(at: own.count * slice.lowerBound, rows: own.count, cols: slice.count)
            group.device.copy(part, to: whole.rows(own).columns(slice))
        }
        isPacked.rows = false
        return whole
    }

    /// x̂ of the batch: rows×D, padded.
    package func whole() throws -> Tensor {
        if isUnshared { try shared?.barrier() }
        isUnshared = false
        try early.finish()
        try late.finish()
        let whole = wholes[turn].rows(0..<(shares.last?.upperBound ?? 0))
        if isPacked.whole {
            for worker in slices.indices where worker != group.rank {
                group.device.copy(part(of: worker), to: whole.columns(slices[worker]))
            }
        }
        isPacked = (false, false)
        return whole
    }
}
