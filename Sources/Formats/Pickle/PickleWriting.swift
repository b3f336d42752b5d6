import Support

extension Pickle {
    /// Writes a `scipy.sparse.csr_matrix` of `<f4` values, as protocol 4, so that every numpy and scipy of the last years
    /// opens it. The file appears when it is complete.
    static func writeCSR(_ path: String, matrix: CSRMatrix) throws {
        var output = try PickleOutput(path: path)
        try output.begin()
        try output.global("scipy.sparse", "csr_matrix")
        let ones = Buffer<Float>(count: matrix.values == nil ? matrix.nonZeros : 0)
        ones.fill(1)
        try output.array(type: "f4", shape: [matrix.nonZeros], bytes: [(matrix.values ?? ones).bytes])
        try output.array(type: "i4", shape: [matrix.nonZeros], bytes: [matrix.indices.bytes])
        try output.array(type: "i8", shape: [matrix.rows + 1], bytes: [matrix.starts.bytes])
        // The three arrays, the shape, and both as arguments of the class.
        try output.write([0x87])
        try output.tuple([matrix.rows, matrix.cols])
        try output.write([0x86, UInt8(ascii: "R")])
        try output.finish()
    }

    /// Writes a numpy array of `<f4`, C order.
    static func writeDense(_ path: String, matrix: CSRMatrix) throws {
        var output = try PickleOutput(path: path)
        try output.begin()
        try output.arrayHead(type: "f4", shape: [matrix.rows, matrix.cols], bytes: 4 * matrix.rows * matrix.cols)
        try matrix.eachDenseRow { try output.write(UnsafeRawBufferPointer($0.bytes)) }
        try output.arrayEnd()
        try output.finish()
    }
}

extension CSRMatrix {
    /// Calls `body` with each row as floats, zeros put in; one row's memory is used for all.
    func eachDenseRow(_ body: (Buffer<Float>) throws -> Void) rethrows {
        let row = Buffer<Float>(count: cols)
        for r in 0..<rows {
            row.fill(0)
            for i in range(r) { row.pointer[Int(indices[i])] = values?[i] ?? 1 }
            try body(row)
        }
    }
}

/// Opcodes of the pickles that this program writes.
private struct PickleOutput: ~Copyable {
    private var file: AtomicFile

    init(path: String) throws {
        file = try AtomicFile(path: path)
    }

    /// Protocol 4.
    mutating func begin() throws { try file.write([0x80, 4]) }

    mutating func write(_ bytes: [UInt8]) throws { try file.write(bytes) }
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }

    mutating func global(_ module: String, _ name: String) throws { try file.write(Array("c\(module)\n\(name)\n".utf8)) }

    mutating func tuple(_ numbers: [Int]) throws {
        try file.write([UInt8(ascii: "(")])
        // LONG1 of 8 bytes.
        for number in numbers { try file.write([0x8a, 8] + littleEndian(number, 8)) }
        try file.write([UInt8(ascii: "t")])
    }

    /// `_reconstruct(ndarray, (0,), b"b")`, and its state up to the elements: (1, shape, dtype, False, bytes).
    mutating func arrayHead(type: String, shape: [Int], bytes: Int) throws {
        // numpy 2 keeps this name for pickles of before, so that it is right for all.
        try global("numpy.core.multiarray", "_reconstruct")
        try global("numpy", "ndarray")
        try tuple([0])
        try file.write([UInt8(ascii: "C"), 1, UInt8(ascii: "b"), 0x87, UInt8(ascii: "R")])
        try file.write([UInt8(ascii: "("), UInt8(ascii: "K"), 1])
        try tuple(shape)
        try dtype(type)
        try file.write([0x89, 0x8e] + littleEndian(bytes, 8))
    }

    mutating func arrayEnd() throws { try file.write([UInt8(ascii: "t"), UInt8(ascii: "b")]) }

    mutating func array(type: String, shape: [Int], bytes: [UnsafeMutableRawBufferPointer]) throws {
        try arrayHead(type: type, shape: shape, bytes: bytes.reduce(0) { $0 + $1.count })
        for part in bytes { try file.write(UnsafeRawBufferPointer(part)) }
        try arrayEnd()
    }

    /// `dtype(type, False, True)` with the state (3, "<", None, None, None, -1, -1, 0).
    private mutating func dtype(_ type: String) throws {
        try global("numpy", "dtype")
        try text(type)
        try file.write([0x89, 0x88, 0x87, UInt8(ascii: "R"), UInt8(ascii: "("), UInt8(ascii: "K"), 3])
        try text("<")
        try file.write(Array("NNN".utf8))
        for _ in 0..<2 { try file.write([UInt8(ascii: "J")] + littleEndian(-1, 4)) }
        try file.write([UInt8(ascii: "K"), 0, UInt8(ascii: "t"), UInt8(ascii: "b")])
    }

    private mutating func text(_ text: String) throws { try file.write([0x8c, UInt8(text.utf8.count)] + Array(text.utf8)) }

    consuming func finish() throws {
        try file.write([UInt8(ascii: ".")])
        try file.commit()
    }
}
