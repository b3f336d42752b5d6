import Support
import Synchronization

/// A GPU behind a driver: tensors live in its memory, and operations are kernels that follow each other in one queue.
///
/// Sums are in the order of `CPUDevice`'s, with the same multiply-adds and the same polynomials, so that the bits are the CPU's but
/// for what `name` says. An operation that has no kernel goes through the host: download, `CPUDevice`, upload.
///
/// What fails is kept, the operations after it do nothing, and `finish` throws it.
public final class GPUDevice: Device {
    public let team: ThreadTeam
    let backend: any GPUBackend
    let programs: KernelPrograms
    /// For operations that have no kernel.
    let host: CPUDevice
    let scratch: ScratchPool
    let matrices: DeviceMatrices
    private let floatsInUse = Mutex(0)
    private let failure = Mutex<Failure?>(nil)

    init(_ backend: any GPUBackend, team: ThreadTeam, cache: ProgramCache = ProgramCache()) throws {
        (self.backend, self.team) = (backend, team)
        programs = KernelPrograms(backend, cache: cache)
        host = CPUDevice(team: team)
        scratch = ScratchPool(backend)
        matrices = DeviceMatrices(backend)
        // A compiler that refuses the kernels is said before any training.
        _ = try programs.kernel("fill_matrix", in: .elementwise)
    }

    public var name: String { "\(backend.device.name), \(backend.device.driver.rawValue) \(backend.device.version)" }

    // MARK: Memory

    public func memory(floats: Int) -> DeviceMemory {
        let bytes = floats * MemoryLayout<Float>.stride
        let memory = attempt {
            let memory = try backend.allocate(bytes: bytes)
            try backend.clear(memory, at: 0, bytes: bytes)
            return memory
        }
        floatsInUse.withLock { $0 += floats }
        return GPUFloats(memory, count: floats) { [weak self] in self?.floatsInUse.withLock { $0 -= floats } }
    }

    public func memory(viewing floats: Buffer<Float>) -> DeviceMemory {
        let memory = memory(floats: floats.count)
        upload(floats, to: Tensor(memory, rows: 1, cols: floats.count))
        return memory
    }

    public func memory(sharing floats: Buffer<Float>) -> DeviceMemory? { nil }

    public var bytesInUse: Int { floatsInUse.withLock { $0 } * MemoryLayout<Float>.stride }

    public var bytesFree: Int? { backend.freeBytes ?? max(0, backend.device.totalBytes - bytesInUse) }

    // MARK: Order

    public func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        for index in 0..<count { body(index) }
    }

    public var lanes: Int { 1 }

    public func forRanges(_ count: Int, grain: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
        if count > 0 { body(0..<count) }
    }

    public func finish() throws {
        attempt { try backend.wait() }
        try check()
    }

    public func check() throws {
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// What `body` gives; nil where it fails, or something has failed before.
    @discardableResult func attempt<Result>(_ body: () throws -> Result) -> Result? {
        if failure.withLock({ $0 != nil }) { return nil }
        do { return try body() } catch {
            let own = error as? Failure ?? Failure(.interrupted, "the device failed", at: backend.device.name, found: "\(error)")
            failure.withLock { if $0 == nil { $0 = own } }
            return nil
        }
    }
}

/// Floats of a GPU; without memory where it was refused.
final class GPUFloats: DeviceMemory, @unchecked Sendable {
    let memory: (any GPUMemory)?
    private let onRelease: () -> Void

    init(_ memory: (any GPUMemory)?, count: Int, onRelease: @escaping () -> Void) {
        (self.memory, self.onRelease) = (memory, onRelease)
        super.init(count: count)
    }

    deinit { onRelease() }
}

/// Memory for what an operation needs only until the next ones: handed out again in the order of the queue.
final class ScratchPool: Sendable {
    private let backend: any GPUBackend
    private let free = Mutex<[Int: [any GPUMemory]]>([:])

    init(_ backend: any GPUBackend) { self.backend = backend }

    /// Memory of at least so many bytes, with any content, while `body` issues commands.
    func with<Result>(bytes: Int, _ body: (any GPUMemory) throws -> Result) throws -> Result {
        let memory = try take(bytes: bytes)
        defer { give(memory) }
        return try body(memory)
    }

    /// The same until `give`.
    func take(bytes: Int) throws -> any GPUMemory {
        var size = 1024
        while size < bytes { size *= 2 }
        return try free.withLock { $0[size]?.popLast() } ?? backend.allocate(bytes: size)
    }

    func give(_ memory: any GPUMemory) { free.withLock { $0[memory.bytes, default: []].append(memory) } }

    /// The same with an array in it.
    func with<Element: BitwiseCopyable, Result>(_ array: [Element], _ body: (any GPUMemory) throws -> Result) throws -> Result {
        try with(bytes: array.count * MemoryLayout<Element>.stride) { memory in
            try array.withUnsafeBytes { try backend.write($0, to: memory, at: 0) }
            return try body(memory)
        }
    }

    /// The first `count` elements of a buffer.
    func with<Element: BitwiseCopyable, Result>(
        _ buffer: Buffer<Element>, count: Int, _ body: (any GPUMemory) throws -> Result
    ) throws -> Result {
        let bytes = count * MemoryLayout<Element>.stride
        return try with(bytes: bytes) { memory in
            try backend.write(UnsafeRawBufferPointer(start: buffer.pointer, count: bytes), to: memory, at: 0)
            return try body(memory)
        }
    }
}
