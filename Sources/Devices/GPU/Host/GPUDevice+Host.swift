import Support

extension GPUDevice {
    /// Runs an operation on the CPU: the parts of memory that the tensors lie in are downloaded, and those of `write` uploaded.
    ///
    /// - Parameter body: gets the CPU's tensors: those of `read`, then those of `write`.
    func onHost<Result>(read: [Tensor] = [], write: [Tensor], _ body: (CPUDevice, [Tensor]) throws -> Result) rethrows -> Result {
        var parts: [HostPart] = []
        for tensor in read + write {
            if let place = parts.firstIndex(where: { $0.memory === tensor.memory }) {
                parts[place].widen(tensor)
            } else {
                parts.append(HostPart(tensor))
            }
        }
        let floats = parts.map { part in
            let floats = Buffer<Float>(count: part.range.count)
            self.read(part.row, into: floats.pointer, count: floats.count)
            return floats
        }
        let memories = floats.map(CPUMemory.init(viewing:))
        let tensors = (read + write).map { tensor in
            let place = parts.firstIndex { $0.memory === tensor.memory } ?? 0
            return Tensor(
                memories[place], offset: tensor.offset - parts[place].range.lowerBound, rows: tensor.rows, cols: tensor.cols,
                stride: tensor.stride)
        }
        let result = try body(host, tensors)
        for (part, floats) in zip(parts, floats) where write.contains(where: { $0.memory === part.memory }) {
            self.write(floats.pointer, count: floats.count, to: part.row)
        }
        return result
    }

    /// The same where only host values come of it.
    func onHost<Result>(reading tensors: Tensor..., body: (CPUDevice, [Tensor]) throws -> Result) rethrows -> Result {
        try onHost(read: tensors, write: [], body)
    }
}

/// The part of a memory that the tensors of an operation lie in.
private struct HostPart {
    let memory: DeviceMemory
    var range: Range<Int>

    init(_ tensor: Tensor) {
        memory = tensor.memory
        range = Self.range(tensor)
    }

    mutating func widen(_ tensor: Tensor) {
        let more = Self.range(tensor)
        range = min(range.lowerBound, more.lowerBound)..<max(range.upperBound, more.upperBound)
    }

    var row: Tensor { Tensor(memory, offset: range.lowerBound, rows: 1, cols: range.count) }

    /// With the padding behind the last row, where there is memory for it.
    private static func range(_ tensor: Tensor) -> Range<Int> {
        tensor.offset..<min(tensor.offset + tensor.rows * tensor.stride, max(tensor.memory.count, tensor.offset))
    }
}

extension CPUMemory {
    convenience init(viewing floats: Buffer<Float>) { self.init(floats) }
}
