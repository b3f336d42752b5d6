import Support

/// What kernels are called with.
extension Tensor {
    /// Memory, place and stride: MATRIX(x) of the kernels.
    var arguments: [GPUArgument] { vector + [.long(stride)] }

    /// Memory and place.
    var vector: [GPUArgument] { [.memory(gpuMemory), .long(offset)] }

    /// - Precondition: on a GPU; not of memory that was refused: nothing runs after that.
    var gpuMemory: any GPUMemory {
        assert(memory is GPUFloats, "a tensor of another device")
        guard let memory = unsafeDowncast(memory, to: GPUFloats.self).memory else {
            preconditionFailure("memory that was refused is used")
        }
        return memory
    }

    var hasGaps: Bool { stride != cols && rows > 1 }

    /// Floats from the first element to the last, padding between them included.
    var floats: Int { rows == 0 ? 0 : (rows - 1) * stride + cols }
}

extension GPUDevice {
    /// Starts a kernel over a matrix: work-items have the columns on axis 0 and rows on axis 1.
    func run(
        _ kernel: String, in file: KernelFile, _ precision: ClassifierPrecision = .float32, rows: Int, cols: Int,
        _ arguments: () throws -> [GPUArgument]
    ) {
        if rows == 0 || cols == 0 { return }
        // A row of 64 columns reads what stands side by side; a vector takes all items of a group.
        let items = rows == 1 ? GPUExtent(256) : GPUExtent(64, 4)
        let groups = GPUExtent((cols + items.x - 1) / items.x, min((rows + items.y - 1) / items.y, 16_384))
        run(kernel, in: file, precision, groups: groups, items: items, arguments)
    }

    func run(
        _ kernel: String, in file: KernelFile, _ precision: ClassifierPrecision = .float32, groups: GPUExtent, items: GPUExtent,
        _ arguments: () throws -> [GPUArgument]
    ) {
        attempt {
            try backend.launch(programs.kernel(kernel, in: file, precision), groups: groups, items: items, arguments())
        }
    }
}

extension OptimiserStep {
    /// STEP of the kernels.
    var arguments: [GPUArgument] {
        let number =
            switch kind {
            case .adam: 0
            case .adamW: 1
            case .sgd: 2
            }
        return [
            .int(number), .float(beta1), .float(beta2), .float(epsilon), .float(rate), .float(inverseRoot), .float(weightDecay),
        ]
    }
}

extension RandomStream {
    /// STREAM of the kernels.
    var arguments: [GPUArgument] { [.word(key0), .word(key1), .word(purpose), .word(step)] }
}
