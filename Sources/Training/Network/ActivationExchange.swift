import DeepXMLModel
import Devices
import Support

/// Makes x̂ of a batch whole: each worker brings its columns, and gets all of them.
package final class ActivationExchange {
    private let group: WorkerGroup
    private let slices: [Range<Int>]
    private let packed: Buffer<Float>
    private let dims: Int, ld: Int
    private let capacity: Int

    /// - Parameter rows: the most documents of a batch.
    package init(group: WorkerGroup, dims: Int, rows: Int) {
        self.group = group
        self.dims = dims
        capacity = rows
        ld = paddedWidth(dims)
        slices = group.slices(dims)
        packed = Buffer(count: rows * dims)
    }

    /// Room for this worker's columns of `rows` documents (rows×|columns|), which `gather` sends.
    package func ownColumns(rows: Int) -> UnsafeMutablePointer<Float> {
        precondition(rows <= capacity)
        return packed.pointer + rows * slices[group.rank].lowerBound
    }

    /// whole(rows×ld) from the columns of all workers; its padding stays as it is.
    package func gather(rows: Int, into whole: UnsafeMutablePointer<Float>) throws {
        let blocks = slices.map { rows * $0.lowerBound..<rows * $0.upperBound }
        try group.communicator.allgather(packed, blocks: blocks)
        for (slice, block) in zip(slices, blocks) {
            for row in 0..<rows {
                (whole + row * ld + slice.lowerBound).update(
                    from: packed.pointer + block.lowerBound + row * slice.count, count: slice.count)
            }
        }
    }
}
