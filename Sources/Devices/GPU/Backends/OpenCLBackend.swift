import CGPU
import Support
import Synchronization

/// A device behind OpenCL, with a context and an in-order queue of its own.
final class OpenCLBackend: GPUBackend, @unchecked Sendable {
    let device: GPUDescription
    let dialect = "dialect_opencl.cl"
    let options: [String]
    fileprivate let library: OpenCLLibrary
    private let handle: OpenCLDevice
    private let context: cl_handle
    private let queue: cl_handle
    private let staged = Mutex(StagedCopies())
    /// A kernel's arguments are set, then it is started: by one thread at a time.
    private let launching = Mutex(())
    private static let mostStagedBytes = 64 << 20

    init(_ library: OpenCLLibrary, _ handle: OpenCLDevice, _ device: GPUDescription) throws {
        (self.library, self.handle, self.device) = (library, handle, device)
        options = ["-cl-std=CL1.2"] + (handle.roundsDivisions ? ["-cl-fp32-correctly-rounded-divide-sqrt"] : [])
        var status: Int32 = 0, own: cl_handle? = handle.handle
        guard let context = library.api.CreateContext(nil, 1, &own, nil, nil, &status), status == 0 else {
            throw Self.failure("the device cannot be opened", status, device)
        }
        guard let queue = library.api.CreateCommandQueue(context, handle.handle, 0, &status), status == 0 else {
            _ = library.api.ReleaseContext(context)
            throw Self.failure("the device has no queue for commands", status, device)
        }
        (self.context, self.queue) = (context, queue)
    }

    deinit {
        _ = library.api.Finish(queue)
        _ = library.api.ReleaseCommandQueue(queue)
        _ = library.api.ReleaseContext(context)
    }

    var hasDoubles: Bool { handle.hasDoubles }
    var freeBytes: Int? { handle.freeBytes }

    func allocate(bytes: Int) throws -> any GPUMemory {
        var status: Int32 = 0
        // 1: read and write.
        guard let memory = library.api.CreateBuffer(context, 1, max(bytes, 4), nil, &status), status == 0 else {
            throw outOfMemory(bytes)
        }
        return OpenCLMemory(library, memory, bytes: bytes)
    }

    private func outOfMemory(_ bytes: Int) -> Failure {
        device.outOfMemory(refused: "\(Quantity.bytes(bytes)) were", free: freeBytes)
    }

    private static func failure(_ problem: String, _ status: Int32, _ device: GPUDescription) -> Failure {
        Failure(
            .outOfResources, problem, at: device.name, found: "OpenCL error \(status)",
            advice: "see whether other processes hold the device, and what the system's log says of its driver")
    }

    /// - Throws: `Failure` where a command was refused.
    private func check(_ status: Int32, _ what: String, bytes: Int = 0) throws {
        if status == GPU_CL_SUCCESS { return }
        if [GPU_CL_OBJECT_ALLOCATION_FAILURE, GPU_CL_OUT_OF_HOST_MEMORY, GPU_CL_INVALID_BUFFER_SIZE].contains(Int(status)) {
            // A driver allocates when memory is first used.
            throw outOfMemory(bytes)
        }
        throw Failure(
            .interrupted, "the device was lost", at: device.name, found: "OpenCL error \(status) from \(what)",
            expected: "a device that answers",
            advice: "the same command goes on from the newest checkpoint; the system's log says what became of the device")
    }

    func program(named name: String, text: String, options: [String], compiled: [UInt8]?) throws -> any GPUProgram {
        var status: Int32 = 0, own: cl_handle? = handle.handle
        let api = library.api
        let program: cl_handle?
        if let compiled {
            program = compiled.withUnsafeBufferPointer { bytes in
                var length = bytes.count, start = bytes.baseAddress, loaded: Int32 = 0
                return api.CreateProgramWithBinary(context, 1, &own, &length, &start, &loaded, &status)
            }
        } else {
            program = text.withCString { bytes in
                var length = text.utf8.count, start: UnsafePointer<CChar>? = bytes
                return api.CreateProgramWithSource(context, 1, &start, &length, &status)
            }
        }
        guard let program, status == 0 else { throw Self.failure("a program was refused", status, device) }
        let made = OpenCLProgram(library, program, self, name)
        let built = options.joined(separator: " ").withCString { api.BuildProgram(program, 1, &own, $0, nil, nil) }
        guard built == 0 else {
            throw Failure(
                .outOfResources, "the driver's compiler refused the kernels \(name)", at: "\(device.name), \(device.version)",
                found: log(of: program), expected: "a program of OpenCL C 1.2",
                advice: "install the vendor's current driver, and report these lines; --device cpu trains meanwhile")
        }
        return made
    }

    /// What the compiler said.
    private func log(of program: cl_handle) -> String {
        var size = 0
        let api = library.api, query = UInt32(GPU_CL_PROGRAM_BUILD_LOG)
        guard api.GetProgramBuildInfo(program, handle.handle, query, 0, nil, &size) == 0, size > 0 else { return "no log" }
        var bytes = [UInt8](repeating: 0, count: size)
        guard api.GetProgramBuildInfo(program, handle.handle, query, size, &bytes, nil) == 0 else { return "no log" }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    func launch(_ kernel: any GPUKernel, groups: GPUExtent, items: GPUExtent, _ arguments: [GPUArgument]) throws {
        let kernel = unsafeDowncast(kernel, to: OpenCLKernel.self), local = [items.x, items.y, items.z]
        let global = [groups.x * items.x, groups.y * items.y, groups.z * items.z]
        try launching.withLock { _ in
            for (place, argument) in arguments.enumerated() {
                try check(kernel.set(place, argument), "argument \(place) of \(kernel.name)")
            }
            try check(
                library.api.EnqueueNDRangeKernel(queue, kernel.handle, 3, nil, global, local, 0, nil, nil),
                "kernel \(kernel.name)")
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, to memory: any GPUMemory, at place: Int) throws {
        if bytes.count == 0 { return }
        if bytes.count > Self.mostStagedBytes / 4 {
            return try check(
                library.api.EnqueueWriteBuffer(queue, own(memory), 1, place, bytes.count, bytes.baseAddress, 0, nil, nil),
                "a copy to the device", bytes: bytes.count)
        }
        try staged.withLock { staged in
            if staged.bytes + bytes.count > Self.mostStagedBytes {
                try check(library.api.Finish(queue), "waiting")
                staged.release(upTo: staged.number)
            }
            let copy = staged.add(bytes)
            try check(
                library.api.EnqueueWriteBuffer(queue, own(memory), 0, place, bytes.count, copy.pointer, 0, nil, nil),
                "a copy to the device", bytes: bytes.count)
        }
    }

    func read(_ memory: any GPUMemory, at place: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
        if bytes.count == 0 { return }
        let before = staged.withLock { $0.number }
        try check(
            library.api.EnqueueReadBuffer(queue, own(memory), 1, place, bytes.count, bytes.baseAddress, 0, nil, nil),
            "a copy from the device", bytes: bytes.count)
        staged.withLock { $0.release(upTo: before) }
    }

    func copy(_ from: any GPUMemory, at: Int, to: any GPUMemory, at place: Int, bytes: Int) throws {
        if bytes == 0 { return }
        try check(
            library.api.EnqueueCopyBuffer(queue, own(from), own(to), at, place, bytes, 0, nil, nil), "a copy", bytes: bytes)
    }

    func clear(_ memory: any GPUMemory, at place: Int, bytes: Int) throws {
        if bytes == 0 { return }
        var zero: UInt32 = 0
        try check(
            library.api.EnqueueFillBuffer(queue, own(memory), &zero, 4, place, bytes, 0, nil, nil), "zeros", bytes: bytes)
    }

    func wait() throws {
        let before = staged.withLock { $0.number }
        try check(library.api.Finish(queue), "waiting")
        staged.withLock { $0.release(upTo: before) }
    }

    private func own(_ memory: any GPUMemory) -> cl_handle { unsafeDowncast(memory, to: OpenCLMemory.self).handle }
}

/// Host memory of writes that may still be under way. While one thread waits for the device, another may add to it: what was added before
/// is released, and no more.
private struct StagedCopies {
    private var copies: [Buffer<UInt8>] = []
    private(set) var bytes = 0
    /// Of all that were ever added.
    private(set) var number = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) -> Buffer<UInt8> {
        let copy = Buffer<UInt8>(count: bytes.count)
        copy.bytes.copyMemory(from: bytes)
        copies.append(copy)
        self.bytes += bytes.count
        number += 1
        return copy
    }

    /// - Parameter number: of those that have been written.
    mutating func release(upTo number: Int) {
        let first = self.number - copies.count, count = max(0, number - first)
        bytes -= copies.prefix(count).reduce(0) { $0 + $1.count }
        copies.removeFirst(count)
    }
}

private final class OpenCLMemory: GPUMemory, @unchecked Sendable {
    let handle: cl_handle
    let bytes: Int
    private let library: OpenCLLibrary

    init(_ library: OpenCLLibrary, _ handle: cl_handle, bytes: Int) {
        (self.library, self.handle, self.bytes) = (library, handle, bytes)
    }

    deinit { _ = library.api.ReleaseMemObject(handle) }
}

private final class OpenCLProgram: GPUProgram, @unchecked Sendable {
    private let library: OpenCLLibrary
    private let handle: cl_handle
    /// Keeps the context.
    private let backend: OpenCLBackend
    private let name: String

    init(_ library: OpenCLLibrary, _ handle: cl_handle, _ backend: OpenCLBackend, _ name: String) {
        (self.library, self.handle, self.backend, self.name) = (library, handle, backend, name)
    }

    deinit { _ = library.api.ReleaseProgram(handle) }

    func kernel(_ kernel: String) throws -> any GPUKernel {
        var status: Int32 = 0
        guard let made = library.api.CreateKernel(handle, kernel, &status), status == 0 else {
            throw Failure(
                .outOfResources, "there is no kernel \(kernel) in \(name)", at: backend.device.name,
                found: "OpenCL error \(status)",
                advice: "remove the cached programs (~/.cache/deepxml-dist), and report this")
        }
        return OpenCLKernel(library, made, kernel)
    }

    var compiled: [UInt8]? {
        var size = 0
        guard library.api.GetProgramInfo(handle, UInt32(GPU_CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil) == 0,
            size > 0
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        let status = bytes.withUnsafeMutableBufferPointer { bytes in
            var start = bytes.baseAddress
            return library.api.GetProgramInfo(
                handle, UInt32(GPU_CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &start, nil)
        }
        return status == 0 ? bytes : nil
    }
}

private final class OpenCLKernel: GPUKernel, @unchecked Sendable {
    let handle: cl_handle
    let name: String
    private let library: OpenCLLibrary

    init(_ library: OpenCLLibrary, _ handle: cl_handle, _ name: String) {
        (self.library, self.handle, self.name) = (library, handle, name)
    }

    deinit { _ = library.api.ReleaseKernel(handle) }

    func set(_ place: Int, _ argument: GPUArgument) -> Int32 {
        func set<Value>(_ value: Value) -> Int32 {
            withUnsafeBytes(of: value) { library.api.SetKernelArg(handle, UInt32(place), $0.count, $0.baseAddress) }
        }
        switch argument {
        case .memory(let memory): return set(unsafeDowncast(memory, to: OpenCLMemory.self).handle)
        case .int(let value): return set(Int32(truncatingIfNeeded: value))
        case .word(let value): return set(value)
        case .long(let value): return set(Int64(value))
        case .float(let value): return set(value)
        }
    }
}
