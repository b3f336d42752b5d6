import Support

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
        try readFloatMatrix(MappedFile(path: path), rows: rows, cols: cols)
    }

    package static func readFloatMatrix(_ file: MappedFile, rows: Int? = nil, cols: Int? = nil) throws -> DenseMatrix {
        let path = file.path
        let header = try NPYHeader(file.bytes, place: path)
        try checkShape(header, rows: rows, cols: cols, path: path)
        let width = try elementSize(header, path: path)
        let array = try NumPyArray(npy: file.content, place: path)
        let isMappable = width == 4 && !header.type.hasPrefix(">") && !header.fortranOrder && header.dataStart % 4 == 0
        guard isMappable else { return try array.matrix() }
        let (rows, cols) = (header.shape[0], header.shape[1])
        let view = file.view(Float.self, at: header.dataStart, count: rows * cols)
        return try DenseMatrix(rows: rows, cols: cols, buffer: view).checkedFinite(path)
    }

    /// Writes `matrix` as `<f4`, C order; the file appears when it is complete.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(_ matrix: DenseMatrix, path: String) throws {
        var file = try AtomicFile(path: path)
        try file.write(NPYHeader(type: "<f4", shape: [matrix.rows, matrix.cols]).bytes)
        try file.write(UnsafeRawBufferPointer(matrix.buffer.bytes))
        try file.commit()
    }

    /// Writes the rows of `parts`, one behind the other, as `<f4`, C order; the file appears when it is complete.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(rows parts: [DenseMatrix], cols: Int, path: String) throws {
        precondition(parts.allSatisfy { $0.cols == cols })
        var file = try AtomicFile(path: path)
        try file.write(NPYHeader(type: "<f4", shape: [parts.reduce(0) { $0 + $1.rows }, cols]).bytes)
        for part in parts { try file.write(UnsafeRawBufferPointer(part.buffer.bytes)) }
        try file.commit()
    }

    /// Writes `matrix` as a dense array of `<f4`, C order, zeros put in; needs memory for one row only.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(_ matrix: CSRMatrix, path: String) throws {
        var file = try AtomicFile(path: path)
        try file.write(NPYHeader(type: "<f4", shape: [matrix.rows, matrix.cols]).bytes)
        try matrix.eachDenseRow { try file.write(UnsafeRawBufferPointer($0.bytes)) }
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
}
