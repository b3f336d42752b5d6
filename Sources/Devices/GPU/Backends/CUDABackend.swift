import CGPU
import Support
import Synchronization

/// A device behind CUDA, with a stream of its own.
final class CUDABackend: GPUBackend, @unchecked Sendable {
    let dialect = "dialect_cuda.cl"
    let options: [String]
    private let context: CUDAContext
    private let compiler: NVRTC
    private let target: NVRTC.Target
    /// What gradients go through while the next are computed is another thread's: each copy has its staging memory to itself.
    private let toDevice: CUDAStaging, fromDevice: CUDAStaging
    private let writing = Mutex(()), reading = Mutex(())
    /// Bytes of one copy; longer ones are cut.
    private static let mostCopied = 16 << 20

    init(_ context: CUDAContext, _ compiler: NVRTC, _ target: NVRTC.Target) {
        (self.context, self.compiler, self.target) = (context, compiler, target)
        toDevice = CUDAStaging(context, bytes: 4 * Self.mostCopied)
        fromDevice = CUDAStaging(context, bytes: Self.mostCopied)
        // Multiply-adds only where the text has them; divisions and roots rounded, small numbers kept: the CPU's bits.
        options = [target.option, "--fmad=false", "--prec-div=true", "--prec-sqrt=true", "--ftz=false", "--std=c++17"]
    }

    var device: GPUDescription { context.device }
    let hasDoubles = true
    var freeBytes: Int? { context.freeBytes }

    func allocate(bytes: Int) throws -> any GPUMemory {
        var address: UInt64 = 0
        try context.run("memory", bytes: bytes) { $0.MemAlloc(&address, max(bytes, 4)) }
        return CUDAMemory(context, address, bytes: bytes)
    }

    func program(named name: String, text: String, options: [String], compiled: [UInt8]?) throws -> any GPUProgram {
        let code = try compiled ?? compiler.compile(text, named: name, options: options, target, for: place)
        var module: cuda_handle?, refused: Int32 = 0
        try context.run("the program \(name)") { api in
            let status = code.withUnsafeBytes { api.ModuleLoadData(&module, $0.baseAddress) }
            refused = Self.programErrors.contains(status) ? status : 0
            return refused == 0 ? status : 0
        }
        guard let module else {
            throw Failure(
                .outOfResources, "the driver refused the compiled kernels \(name)", at: place,
                found: "\(context.driver.text(of: refused)), of what NVRTC \(compiler.version) made (\(target.option))",
                advice:
                    "install a newer driver, or an NVRTC of the driver's CUDA \(device.version): PyPI's nvidia-cuda-nvrtc-cu12 has all "
                    + "versions")
        }
        return CUDAProgram(context, module, name, code)
    }

    private var place: String { "\(device.name), driver of CUDA \(device.version)" }

    private static let programErrors = [
        GPU_CUDA_INVALID_IMAGE, GPU_CUDA_NO_BINARY_FOR_GPU, GPU_CUDA_INVALID_PTX, GPU_CUDA_NO_PTX_COMPILER,
        GPU_CUDA_UNSUPPORTED_PTX_VERSION, GPU_CUDA_PTX_DISABLED,
    ].map(Int32.init)

    func launch(_ kernel: any GPUKernel, groups: GPUExtent, items: GPUExtent, _ arguments: [GPUArgument]) throws {
        let kernel = unsafeDowncast(kernel, to: CUDAKernel.self)
        try check(groups, kernel)
        func u(_ value: Int) -> UInt32 { UInt32(truncatingIfNeeded: value) }
        var words = arguments.map(\.word)
        try words.withUnsafeMutableBytes { words in
            var places = arguments.indices.map { place in words.baseAddress.map { $0 + MemoryLayout<UInt64>.stride * place } }
            try context.run("kernel \(kernel.name)") {
                $0.LaunchKernel(
                    kernel.handle, u(groups.x), u(groups.y), u(groups.z), u(items.x), u(items.y), u(items.z), 0, context.stream,
                    &places, nil)
            }
        }
    }

    /// - Throws: `Failure` where CUDA has no such grid.
    private func check(_ groups: GPUExtent, _ kernel: CUDAKernel) throws {
        let most = Int(GPU_CUDA_MOST_GROUPS)
        if groups.x <= Int(Int32.max), groups.y <= most, groups.z <= most { return }
        throw Failure(
            .outOfResources, "a batch is too large for the device", at: device.name,
            found: "\(groups.x) × \(groups.y) × \(groups.z) groups of kernel \(kernel.name)",
            expected: "at most \(most) along the second and third axis", advice: "use a smaller batch")
    }

    func write(_ bytes: UnsafeRawBufferPointer, to memory: any GPUMemory, at place: Int) throws {
        let address = own(memory) + UInt64(place)
        for piece in Self.pieces(of: bytes.count) {
            try writing.withLock { _ in
                let staged = try toDevice.take(piece.count)
                staged.copyMemory(from: bytes.baseAddress! + piece.lowerBound, byteCount: piece.count)
                try context.run("a copy to the device", bytes: piece.count) {
                    $0.MemcpyHtoDAsync(address + UInt64(piece.lowerBound), staged, piece.count, context.stream)
                }
            }
        }
    }

    func read(_ memory: any GPUMemory, at place: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
        let address = own(memory) + UInt64(place)
        for piece in Self.pieces(of: bytes.count) {
            try reading.withLock { _ in
                let staged = try fromDevice.start()
                try context.run("a copy from the device", bytes: piece.count) {
                    $0.MemcpyDtoHAsync(staged, address + UInt64(piece.lowerBound), piece.count, context.stream)
                }
                try context.wait()
                (bytes.baseAddress! + piece.lowerBound).copyMemory(from: staged, byteCount: piece.count)
            }
        }
    }

    private static func pieces(of bytes: Int) -> some Sequence<Range<Int>> {
        stride(from: 0, to: bytes, by: mostCopied).lazy.map { $0..<min(bytes, $0 + mostCopied) }
    }

    func copy(_ from: any GPUMemory, at: Int, to: any GPUMemory, at place: Int, bytes: Int) throws {
        if bytes == 0 { return }
        try context.run("a copy", bytes: bytes) {
            $0.MemcpyDtoDAsync(own(to) + UInt64(place), own(from) + UInt64(at), bytes, context.stream)
        }
    }

    func clear(_ memory: any GPUMemory, at place: Int, bytes: Int) throws {
        if bytes == 0 { return }
        try context.run("a fill with zeros", bytes: bytes) {
            $0.MemsetD8Async(own(memory) + UInt64(place), 0, bytes, context.stream)
        }
    }

    func wait() throws { try context.wait() }

    private func own(_ memory: any GPUMemory) -> UInt64 { unsafeDowncast(memory, to: CUDAMemory.self).address }
}

private final class CUDAMemory: GPUMemory, @unchecked Sendable {
    let address: UInt64
    let bytes: Int
    private let context: CUDAContext

    init(_ context: CUDAContext, _ address: UInt64, bytes: Int) {
        (self.context, self.address, self.bytes) = (context, address, bytes)
    }

    deinit { context.quietly { _ = $0.MemFree(address) } }
}

private final class CUDAProgram: GPUProgram, @unchecked Sendable {
    private let context: CUDAContext
    private let module: cuda_handle
    private let name: String
    private let code: [UInt8]

    init(_ context: CUDAContext, _ module: cuda_handle, _ name: String, _ code: [UInt8]) {
        (self.context, self.module, self.name, self.code) = (context, module, name, code)
    }

    deinit { context.quietly { _ = $0.ModuleUnload(module) } }

    func kernel(_ kernel: String) throws -> any GPUKernel {
        var function: cuda_handle?
        try context.run("the look for kernel \(kernel)") {
            let status = $0.ModuleGetFunction(&function, module, kernel)
            return status == GPU_CUDA_NOT_FOUND ? 0 : status
        }
        guard let function else {
            throw Failure(
                .outOfResources, "there is no kernel \(kernel) in \(name)", at: context.device.name,
                advice: "remove the cached programs (~/.cache/deepxml-dist), and report this")
        }
        return CUDAKernel(self, function, kernel)
    }

    var compiled: [UInt8]? { code }
}

private final class CUDAKernel: GPUKernel, @unchecked Sendable {
    let handle: cuda_handle
    let name: String
    /// Its function lives as long as the module.
    private let program: CUDAProgram

    init(_ program: CUDAProgram, _ handle: cuda_handle, _ name: String) {
        (self.program, self.handle, self.name) = (program, handle, name)
    }
}

extension GPUArgument {
    /// Its bytes first, as CUDA reads them from memory: eight or four.
    fileprivate var word: UInt64 {
        switch self {
        case .memory(let memory): unsafeDowncast(memory, to: CUDAMemory.self).address
        case .int(let value): UInt64(UInt32(truncatingIfNeeded: value)).littleEndian
        case .word(let value): UInt64(value).littleEndian
        case .long(let value): UInt64(bitPattern: Int64(value))
        case .float(let value): UInt64(value.bitPattern).littleEndian
        }
    }
}
