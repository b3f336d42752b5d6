import DeepXMLModel
import Devices
import Support
import Transport

/// Tensors that all workers of a group on one node see: what one of them has made, the others need not be sent.
///
/// All workers make the same ones in the same order. What is written before a barrier is read after it, and written again only
/// when a later barrier tells that all have read it.
package final class SharedTensors {
    private let shared: SharedMemory
    private let memory: DeviceMemory
    private var used = 0

    /// Collective; nil on all workers where one is alone, or they can't share memory.
    ///
    /// - Parameter shapes: rows and floats a row of the tensors to come.
    package init?(_ group: WorkerGroup, for shapes: [(rows: Int, cols: Int)]) throws {
        let floats = shapes.reduce(0) { $0 + Self.room($1.rows, $1.cols) }
        guard group.size > 1, group.isOnOneNode, let shared = try group.communicator.sharedMemory(floats: floats) else {
            return nil
        }
        let memory = group.device.memory(sharing: shared.floats)
        guard try group.communicator.maximum(memory == nil ? 1 : 0) == 0, let memory else { return nil }
        (self.shared, self.memory) = (shared, memory)
    }

    /// Each begins on a page of its own.
    private static func room(_ rows: Int, _ cols: Int) -> Int { (rows * cols + 1023) / 1024 * 1024 }

    /// Zeros at first: rows×cols without padding.
    package func tensor(rows: Int, cols: Int) -> Tensor {
        defer { used += Self.room(rows, cols) }
        return Tensor(memory, offset: used, rows: rows, cols: cols)
    }

    /// Rows that are padded to whole vectors.
    package func paddedTensor(rows: Int, dims: Int) -> Tensor {
        tensor(rows: rows, cols: paddedWidth(dims)).columns(0..<dims)
    }

    /// The floats of a tensor made here.
    package func floats(of tensor: Tensor) -> Buffer<Float> {
        precondition(tensor.memory === memory)
        let whole = shared.floats, count = (tensor.rows - 1) * tensor.stride + tensor.cols
        return Buffer(viewing: whole.pointer + tensor.offset, count: max(0, count), owner: whole)
    }

    package func barrier() throws { try shared.barrier() }

    /// Says that this worker has come to a barrier; what it returns waits for the others.
    package func arrive() throws -> Pending { try shared.arrive() }
}
