import CGPU
import Support

/// The primary context of a device, which all of the process share, and a stream of commands in it.
final class CUDAContext: @unchecked Sendable {
    let driver: CUDADriverLibrary
    let device: GPUDescription
    let stream: cuda_handle
    private let context: cuda_handle
    private let handle: Int32

    /// - Parameter handle: CUdevice.
    init(_ driver: CUDADriverLibrary, _ handle: Int32, _ device: GPUDescription) throws {
        var context: cuda_handle?, stream: cuda_handle?
        var status = driver.api.DevicePrimaryCtxRetain(&context, handle)
        guard status == 0, let context else { throw Self.refusal("the device cannot be opened", driver, status, device) }
        status = driver.api.CtxSetCurrent(context)
        if status == 0 { status = driver.api.StreamCreate(&stream, UInt32(GPU_CUDA_STREAM_NON_BLOCKING)) }
        guard status == 0, let stream else {
            _ = driver.api.DevicePrimaryCtxRelease(handle)
            throw Self.refusal("the device has no queue for commands", driver, status, device)
        }
        (self.driver, self.device, self.stream) = (driver, device, stream)
        (self.context, self.handle) = (context, handle)
    }

    deinit {
        quietly { _ = $0.StreamDestroy(stream) }
        _ = driver.api.DevicePrimaryCtxRelease(handle)
    }

    /// Runs a command in the context, which becomes this thread's: workers of one process, and what frees memory, are threads.
    ///
    /// - Parameters:
    ///   - what: for the error.
    ///   - bytes: that it is about.
    func run(_ what: @autoclosure () -> String, bytes: Int = 0, _ command: (gpu_cuda) -> Int32) throws {
        var status = driver.api.CtxSetCurrent(context)
        if status == 0 { status = command(driver.api) }
        if status != 0 { throw failure(status, what(), bytes: bytes) }
    }

    /// For the end of what the context holds: nothing uses it any more when all commands have ended.
    func quietly(_ command: (gpu_cuda) -> Void) {
        guard driver.api.CtxSetCurrent(context) == 0 else { return }
        _ = driver.api.StreamSynchronize(stream)
        command(driver.api)
    }

    func wait() throws { try run("a wait for the device") { $0.StreamSynchronize(stream) } }

    var freeBytes: Int? {
        var free = 0, total = 0
        guard driver.api.CtxSetCurrent(context) == 0, driver.api.MemGetInfo(&free, &total) == 0 else { return nil }
        return free
    }

    /// Where the driver refuses a command itself, not the device.
    private static let refusals = [
        GPU_CUDA_INVALID_VALUE, GPU_CUDA_INVALID_HANDLE, GPU_CUDA_LAUNCH_OUT_OF_RESOURCES, GPU_CUDA_NOT_SUPPORTED,
    ].map(Int32.init)

    private func failure(_ status: Int32, _ what: String, bytes: Int) -> Failure {
        if status == GPU_CUDA_OUT_OF_MEMORY { return outOfMemory(bytes, for: what) }
        if Self.refusals.contains(status) { return Self.refusal("\(what) was refused", driver, status, device) }
        return Failure(
            .interrupted, "the device was lost", at: device.name, found: "\(driver.text(of: status)), from \(what)",
            expected: "a device that answers",
            advice:
                "the same command goes on from the newest checkpoint; the system's log (`dmesg`, NVRM: Xid) says what became of the "
                + "device")
    }

    /// - Parameter bytes: 0 where the driver's own memory is short, as a kernel's or a program's.
    private func outOfMemory(_ bytes: Int, for what: String) -> Failure {
        device.outOfMemory(refused: bytes == 0 ? "\(what) was" : "\(Quantity.bytes(bytes)) were", free: freeBytes)
    }

    private static func refusal(
        _ problem: String, _ driver: CUDADriverLibrary, _ status: Int32, _ device: GPUDescription
    ) -> Failure {
        Failure(
            .outOfResources, problem, at: device.name, found: driver.text(of: status),
            advice: "see whether other processes hold the device (`nvidia-smi`), and what the system's log says of its driver")
    }
}

/// Page-locked host memory that copies go through, so that they run beside the host. By one thread at a time.
final class CUDAStaging {
    private let context: CUDAContext
    private let bytes: Int
    private var memory: UnsafeMutableRawPointer?
    /// In its place where the system locks no more pages: copies are then slower.
    private var ordinary: Buffer<UInt8>?
    private var used = 0

    init(_ context: CUDAContext, bytes: Int) { (self.context, self.bytes) = (context, bytes) }

    deinit {
        guard let memory else { return }
        context.quietly { _ = $0.MemFreeHost(memory) }
    }

    /// Memory for a copy of at most `bytes`, until more than all of it was taken: then the device is waited for, and all is free again.
    func take(_ count: Int) throws -> UnsafeMutableRawPointer {
        if used + count > bytes {
            try context.wait()
            used = 0
        }
        let start = try start() + used
        used += (count + 255) / 256 * 256
        return start
    }

    /// The whole of it.
    func start() throws -> UnsafeMutableRawPointer {
        if let memory { return memory }
        if let ordinary { return UnsafeMutableRawPointer(ordinary.pointer) }
        try context.run("the memory of copies", bytes: bytes) {
            let status = $0.MemHostAlloc(&memory, bytes, UInt32(GPU_CUDA_HOST_PORTABLE))
            return status == GPU_CUDA_OUT_OF_MEMORY ? 0 : status
        }
        if let memory { return memory }
        let ordinary = Buffer<UInt8>(count: bytes)
        self.ordinary = ordinary
        return UnsafeMutableRawPointer(ordinary.pointer)
    }
}
