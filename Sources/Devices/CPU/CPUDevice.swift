import Kernels
import Support
import Synchronization

/// This rank's processor: the reference of all devices. An operation has ended when its call returns.
///
/// The same bits come out on every processor with AVX2 or newer, with any number of threads.
public final class CPUDevice: Device {
    public let team: ThreadTeam
    private let floatsInUse = Mutex(0)
    let rowSlots = RowSlots()

    public init(team: ThreadTeam) { self.team = team }

    public var name: String { "CPU, \(Quantity.plural(team.size, "thread"))" }

    public func memory(floats: Int) -> DeviceMemory {
        floatsInUse.withLock { $0 += floats }
        return CPUMemory(Buffer(count: floats)) { [weak self] in self?.floatsInUse.withLock { $0 -= floats } }
    }

    public func memory(viewing floats: Buffer<Float>) -> DeviceMemory { CPUMemory(floats) }

    public func memory(sharing floats: Buffer<Float>) -> DeviceMemory? { CPUMemory(floats) }

    public var bytesInUse: Int { floatsInUse.withLock { $0 } * MemoryLayout<Float>.stride }
    public var bytesFree: Int? { nil }

    public func upload(_ values: Buffer<Float>, to tensor: Tensor) {
        precondition(values.count == tensor.rows * tensor.cols)
        for row in 0..<tensor.rows {
            tensor.row(row).update(from: values.pointer + row * tensor.cols, count: tensor.cols)
        }
    }

    public func download(_ tensor: Tensor) -> Buffer<Float> {
        let count = tensor.rows * tensor.cols
        if tensor.isContiguous { return Buffer(viewing: tensor.pointer, count: count, owner: tensor.memory) }
        let values = Buffer<Float>(count: count)
        for row in 0..<tensor.rows {
            (values.pointer + row * tensor.cols).update(from: tensor.row(row), count: tensor.cols)
        }
        return values
    }

    public func withHost<Result>(
        _ tensor: Tensor, _ access: HostAccess, _ body: (Buffer<Float>) throws -> Result
    ) rethrows -> Result {
        try body(host(tensor))
    }

    public func hostMemory(of tensor: Tensor) -> Buffer<Float>? { host(tensor) }

    private func host(_ tensor: Tensor) -> Buffer<Float> {
        let count = tensor.rows == 0 ? 0 : (tensor.rows - 1) * tensor.stride + tensor.cols
        return Buffer(viewing: tensor.pointer, count: count, owner: tensor.memory)
    }

    public func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) { team.forEach(count, body) }

    public var lanes: Int { team.size }

    public func forRanges(_ count: Int, grain: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
        team.forRanges(count, grain: grain, body)
    }

    public func finish() throws {}
}

/// Memory of this process.
final class CPUMemory: DeviceMemory, @unchecked Sendable {
    let buffer: Buffer<Float>
    private let onRelease: () -> Void

    init(_ buffer: Buffer<Float>, onRelease: @escaping () -> Void = {}) {
        self.buffer = buffer
        self.onRelease = onRelease
        super.init(count: buffer.count)
    }

    deinit { onRelease() }
}

extension Tensor {
    /// The first element, of a tensor in this process's memory.
    var pointer: UnsafeMutablePointer<Float> {
        assert(memory is CPUMemory, "a tensor of another device")
        return unsafeDowncast(memory, to: CPUMemory.self).buffer.pointer + offset
    }

    func row(_ row: Int) -> UnsafeMutablePointer<Float> { pointer + row * stride }

    /// The same place as rows×cols without padding, for more rows than are in use.
    func room(rows: Int, cols: Int) -> Tensor {
        precondition(stride == cols, "a tensor with another padding")
        return Tensor(memory, offset: offset, rows: rows, cols: cols)
    }

    /// No padding between rows.
    var isContiguous: Bool { stride == cols || rows <= 1 }
}
