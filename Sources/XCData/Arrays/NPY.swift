import Buffers
import Diagnostics
import Kernels

/// NumPy's array files (`.npy`), as token embeddings and document features come.
public enum NPY {
    /// Reads a matrix of finite floats. `<f4` in C order is mapped without a copy (read-only: writing to it ends the
    /// process; ranks of a node share its pages); `f2`, `f8`, big-endian and Fortran order are converted.
    ///
    /// - Parameters:
    ///   - rows: the rows that the array must have, where they are known.
    ///   - cols: the columns that it must have, where they are known.
    /// - Throws: `Failure` for a missing or cut-off file, another type or shape, or a NaN or infinity (with its row and
    ///   column).
    public static func readFloatMatrix(path: String, rows: Int? = nil, cols: Int? = nil) throws -> DenseMatrix {
        let file = try MappedFile(path: path)
        let header = try NPYHeader(file.bytes, place: path)
        try checkShape(header, rows: rows, cols: cols, path: path)
        let width = try elementSize(header, path: path)
        try checkLength(header, width: width, bytes: file.count, path: path)
        let matrix = floats(header, width: width, file: file)
        let bad = xc_first_not_finite(matrix.pointer, matrix.buffer.count)
        guard bad == matrix.buffer.count else {
            throw Failure(
                .usage, "value not finite", at: "\(path): row \(bad / matrix.cols), column \(bad % matrix.cols)",
                found: "\(matrix.buffer[bad])", expected: "finite numbers",
                advice: "find out where this value came from, and write the array again without it")
        }
        return matrix
    }

    /// Writes `matrix` as `<f4`, C order; the file appears when it is whole.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(_ matrix: DenseMatrix, path: String) throws {
        var file = try AtomicFile(path: path)
        try file.write(NPYHeader(type: "<f4", shape: [matrix.rows, matrix.cols]).bytes)
        try file.write(UnsafeRawBufferPointer(matrix.buffer.bytes))
        try file.commit()
    }

    private static func checkShape(_ header: NPYHeader, rows: Int?, cols: Int?, path: String) throws {
        let wanted = "(\(rows.map(String.init) ?? "rows"), \(cols.map(String.init) ?? "columns"))"
        let fits =
            header.shape.count == 2 && (rows ?? header.shape[0]) == header.shape[0]
            && (cols ?? header.shape[1]) == header.shape[1]
        guard fits, header.count != nil else {
            throw Failure(
                .usage, "wrong shape", at: path, found: "(\(header.shape.map(String.init).joined(separator: ", ")))",
                expected: wanted,
                advice: "check that this file belongs to the data set and the config (a row a token, a column a dimension)")
        }
    }

    private static func elementSize(_ header: NPYHeader, path: String) throws -> Int {
        let sizes = ["f2": 2, "f4": 4, "f8": 8]
        guard let order = header.type.first, "<>=|".contains(order), let size = sizes[String(header.type.dropFirst())] else {
            throw Failure(
                .usage, "wrong type", at: path, found: "`\(header.type)`", expected: "floats: `<f4` (or f2, f8)",
                advice: "convert it in Python: numpy.save(path, numpy.load(path).astype(numpy.float32))")
        }
        return size
    }

    private static func checkLength(_ header: NPYHeader, width: Int, bytes: Int, path: String) throws {
        let (size, overflow) = (header.count ?? 0).multipliedReportingOverflow(by: width)
        let found = bytes - header.dataStart
        guard !overflow, size == found else {
            throw Failure(
                .usage, overflow || found < size ? "the file is cut off" : "the file is longer than its header says", at: path,
                found: "\(found) bytes of data",
                expected: "\(overflow ? "more" : String(size)) (shape \(header.shape), type \(header.type))",
                advice: "copy the file again")
        }
    }

    private static func floats(_ header: NPYHeader, width: Int, file: MappedFile) -> DenseMatrix {
        let (rows, cols) = (header.shape[0], header.shape[1])
        let swapped = header.type.hasPrefix(">")
        if width == 4, !swapped, !header.fortranOrder, header.dataStart % 4 == 0 {
            return DenseMatrix(rows: rows, cols: cols, buffer: file.view(Float.self, at: header.dataStart, count: rows * cols))
        }
        let flat = converted(file.bytes[header.dataStart...], count: rows * cols, width: width, swapped: swapped)
        guard header.fortranOrder else { return DenseMatrix(rows: rows, cols: cols, buffer: flat) }
        let matrix = DenseMatrix(rows: rows, cols: cols)
        xc_transpose(flat.pointer, rows, cols, matrix.pointer)
        return matrix
    }

    /// The elements as native 32-bit floats, in the file's order. Copied first: they may stand at any byte.
    private static func converted(_ bytes: Slice<UnsafeRawBufferPointer>, count: Int, width: Int, swapped: Bool) -> Buffer<Float>
    {
        let raw = Buffer<UInt64>(count: (bytes.count + 7) / 8)
        raw.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes))
        if swapped { xc_swap_bytes(raw.pointer, count, Int32(width)) }
        let floats = Buffer<Float>(count: count)
        let memory = UnsafeMutableRawPointer(raw.pointer)
        switch width {
        case 2: xc_half_to_float(memory.assumingMemoryBound(to: UInt16.self), count, floats.pointer)
        case 8: xc_double_to_float(memory.assumingMemoryBound(to: Double.self), count, floats.pointer)
        default: floats.bytes.copyMemory(from: UnsafeRawBufferPointer(start: memory, count: count * 4))
        }
        return floats
    }
}
