import Support

extension GPUDevice {
    public func upload(_ values: Buffer<Float>, to tensor: Tensor) {
        precondition(values.count == tensor.rows * tensor.cols)
        if !tensor.hasGaps { return write(values.pointer, count: values.count, to: tensor) }
        attempt {
            // A tensor of its own for the numbers side by side, then one kernel that spreads them.
            try scratch.with(values, count: values.count) { memory in
                run("copy_matrix", in: .elementwise, rows: tensor.rows, cols: tensor.cols) {
                    [.memory(memory), .long(0), .long(tensor.cols)] + tensor.arguments + [.long(tensor.rows), .long(tensor.cols)]
                }
            }
        }
    }

    public func download(_ tensor: Tensor) -> Buffer<Float> {
        let values = Buffer<Float>(count: tensor.rows * tensor.cols)
        if !tensor.hasGaps {
            read(tensor, into: values.pointer, count: values.count)
            return values
        }
        attempt {
            try scratch.with(bytes: values.byteCount) { memory in
                run("copy_matrix", in: .elementwise, rows: tensor.rows, cols: tensor.cols) {
                    tensor.arguments + [.memory(memory), .long(0), .long(tensor.cols), .long(tensor.rows), .long(tensor.cols)]
                }
                try backend.read(memory, at: 0, into: UnsafeMutableRawBufferPointer(values.bytes))
            }
        }
        return values
    }

    public func withHost<Result>(
        _ tensor: Tensor, _ access: HostAccess, _ body: (Buffer<Float>) throws -> Result
    ) rethrows -> Result {
        let floats = Buffer<Float>(count: tensor.floats)
        // What lies between the rows is written back too, and so has to be there.
        if access != .write || tensor.hasGaps { read(tensor, into: floats.pointer, count: floats.count) }
        defer { if access != .read { write(floats.pointer, count: floats.count, to: tensor) } }
        return try body(floats)
    }

    /// Neighbouring floats from the tensor's first on.
    func read(_ tensor: Tensor, into floats: UnsafeMutablePointer<Float>, count: Int) {
        attempt {
            try backend.read(
                tensor.gpuMemory, at: tensor.offset * 4, into: UnsafeMutableRawBufferPointer(start: floats, count: count * 4))
        }
    }

    func write(_ floats: UnsafePointer<Float>, count: Int, to tensor: Tensor) {
        attempt {
            try backend.write(
                UnsafeRawBufferPointer(start: floats, count: count * 4), to: tensor.gpuMemory, at: tensor.offset * 4)
        }
    }

    public func hostMemory(of tensor: Tensor) -> Buffer<Float>? { nil }
}
