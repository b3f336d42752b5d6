import Buffers

/// NumPy's array file, version 1.0: magic, header padded to a multiple of 64 bytes, then the elements.
enum NumpyFile {
    /// Writes a matrix as little-endian 32-bit floats in C order.
    static func write(_ path: String, _ matrix: DenseMatrix) throws {
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(matrix.rows), \(matrix.cols)), }"
        let preamble = 10
        header += String(repeating: " ", count: 63 - (preamble + header.utf8.count) % 64) + "\n"
        let length = UInt16(header.utf8.count)
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
        try OutputFile.write(path) { file in
            try magic.withUnsafeBytes { try file.write($0) }
            try file.write(header)
            try file.write(UnsafeRawBufferPointer(matrix.buffer.bytes))
        }
    }
}
