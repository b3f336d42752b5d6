import DeepXMLModel
import Devices
import Support

/// Makes x̂ of a batch whole: each worker brings its columns, and gets all of them.
package final class ActivationExchange {
    private let group: WorkerGroup
    private let slices: [Range<Int>]
    /// The workers' columns one after the other, each without padding.
    private let packed: Tensor
    private let capacity: Int

    /// - Parameter rows: the most documents of a batch.
    package init(group: WorkerGroup, dims: Int, rows: Int) {
        self.group = group
        capacity = rows
        slices = group.slices(dims)
        packed = group.device.tensor(rows: 1, cols: rows * dims)
    }

    /// Room for this worker's columns of `rows` documents (rows×|columns|), which `gather` sends.
    package func ownColumns(rows: Int) -> Tensor { columns(slices[group.rank], rows: rows) }

    private func columns(_ slice: Range<Int>, rows: Int) -> Tensor {
        precondition(rows <= capacity)
        return packed.matrix(at: rows * slice.lowerBound, rows: rows, cols: slice.count)
    }

    /// The first `rows` rows of `whole` from the columns of all workers.
    package func gather(rows: Int, into whole: Tensor) throws {
        try group.device.withHost(packed, .readWrite) {
            try group.communicator.allgather($0, blocks: slices.map { rows * $0.lowerBound..<rows * $0.upperBound })
        }
        for slice in slices {
            group.device.copy(columns(slice, rows: rows), to: whole.rows(0..<rows).columns(slice))
        }
    }
}
