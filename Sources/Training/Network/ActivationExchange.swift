import DeepXMLModel
import Devices
import Support

/// Makes x̂ of a batch whole: each worker brings its columns, and gets all of them.
package final class ActivationExchange {
    private let group: WorkerGroup
    private let slices: [Range<Int>]
    /// nil: columns are sent.
    private let shared: SharedTensors?
    /// B×D, padded. Shared ones take turns, so that a worker may still read a batch while others write the next.
    private let wholes: [Tensor]
    private var turn = 0
    /// Where columns are sent: the workers' columns one after the other, each without padding.
    private let packed: Tensor?

    /// - Parameter rows: the most documents of a batch.
    package init(group: WorkerGroup, dims: Int, rows: Int, shared: SharedTensors?) {
        self.group = group
        self.shared = shared
        slices = group.slices(dims)
        let device = group.device
        wholes =
            shared.map { shared in (0..<2).map { _ in shared.paddedTensor(rows: rows, dims: dims) } }
            ?? [device.paddedTensor(rows: rows, dims: dims)]
        packed = shared == nil ? device.tensor(rows: 1, cols: rows * dims) : nil
    }

    /// What it shares.
    package static func shapes(dims: Int, rows: Int) -> [(rows: Int, cols: Int)] {
        Array(repeating: (rows, paddedWidth(dims)), count: 2)
    }

    /// x̂ of a batch, rows×D, padded, from this worker's columns of it (rows×|columns|, without padding). It stays until the next
    /// call is over.
    package func gather(_ own: Tensor) throws -> Tensor {
        let rows = own.rows, device = group.device
        turn = (turn + 1) % wholes.count
        let whole = wholes[turn].rows(0..<rows)
        guard let packed else {
            device.copy(own, to: whole.columns(slices[group.rank]))
            try shared?.barrier()
            return whole
        }
        func part(_ slice: Range<Int>) -> Tensor { packed.matrix(at: rows * slice.lowerBound, rows: rows, cols: slice.count) }
        if group.size > 1 {
            device.copy(own, to: part(slices[group.rank]))
            try device.withHost(packed, .readWrite) {
                try group.communicator.allgather($0, blocks: slices.map { rows * $0.lowerBound..<rows * $0.upperBound })
            }
        }
        for (worker, slice) in slices.enumerated() {
            device.copy(worker == group.rank ? own : part(slice), to: whole.columns(slice))
        }
        return whole
    }
}
