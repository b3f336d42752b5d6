import Support
import Synchronization

/// A sparse matrix in a device's memory.
final class DeviceMatrix: Sendable {
    let starts: any GPUMemory, indices: any GPUMemory
    let values: (any GPUMemory)?

    init(_ matrix: CSRMatrix, _ backend: any GPUBackend) throws {
        func copy<Element>(_ buffer: Buffer<Element>) throws -> any GPUMemory {
            let memory = try backend.allocate(bytes: buffer.byteCount)
            try backend.write(UnsafeRawBufferPointer(buffer.bytes), to: memory, at: 0)
            return memory
        }
        starts = try copy(matrix.starts)
        indices = try copy(matrix.indices)
        values = try matrix.values.map(copy)
    }
}

/// The sparse matrices that operations were last called with: features go to the device once, not with each batch.
final class DeviceMatrices: Sendable {
    private let backend: any GPUBackend
    /// The last used one at the end. The matrix is kept with its copy, so that no other takes its place in memory.
    private let kept = Mutex<[(matrix: CSRMatrix, copy: DeviceMatrix)]>([])
    private static let most = 8

    init(_ backend: any GPUBackend) { self.backend = backend }

    func copy(of matrix: CSRMatrix) throws -> DeviceMatrix {
        try kept.withLock { kept in
            if let place = kept.firstIndex(where: { $0.matrix === matrix }) {
                let found = kept.remove(at: place)
                kept.append(found)
                return found.copy
            }
            if kept.count == Self.most { kept.removeFirst() }
            let copy = try DeviceMatrix(matrix, backend)
            kept.append((matrix, copy))
            return copy
        }
    }
}
