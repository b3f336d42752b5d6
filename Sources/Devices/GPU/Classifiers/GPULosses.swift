import Support

/// Sums that kernels of a step leave on the device: they are read when somebody asks, so that the host goes on with the next step.
final class GPULosses: @unchecked Sendable {
    private let device: GPUDevice
    private let count: Int
    private let memory: (any GPUMemory)?

    /// - Parameter count: floats.
    init(_ count: Int, on device: GPUDevice) {
        (self.device, self.count) = (device, count)
        memory = device.attempt { try device.scratch.take(bytes: 4 * count) }
    }

    deinit {
        // The next holder's commands come after those of this one.
        if let memory { device.scratch.give(memory) }
    }

    /// - Precondition: nothing has failed on the device.
    var argument: GPUArgument {
        guard let memory else { preconditionFailure("memory that was refused is used") }
        return .memory(memory)
    }

    /// Waits for the kernels; zeros where the device has failed.
    func values() -> [Float] {
        let sums = Buffer<Float>(count: count), device = device
        if count > 0, let memory {
            device.attempt { try device.backend.read(memory, at: 0, into: UnsafeMutableRawBufferPointer(sums.bytes)) }
        }
        return sums.array
    }
}
