import Support

/// Sparse matrices as scipy stores them (`scipy.sparse.save_npz`): predictions, and features written by other programs.
public enum NPZ {
    /// Writes `matrix` so that `scipy.sparse.load_npz` opens it: CSR, `<f4` values (ones where the matrix is binary),
    /// 32-bit indices, offsets of 32 bits where they fit. The file appears when it is complete.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func writeCSR(path: String, matrix: some RowBlocks) throws {
        try writeCSR(path: path, matrix: matrix, zip64From: 0xFFFF_FFFF)
    }

    /// - Parameter zip64From: the size from which zip64 records are written; lower than the format's limit in tests only.
    package static func writeCSR(path: String, matrix: some RowBlocks, zip64From: Int) throws {
        var zip = try ZipWriter(path: path, zip64From: zip64From)
        let entries = matrix.nonZeros, starts = try matrix.rowStarts()
        try zip.add("indices", "<i4", [entries]) { write in try matrix.forEachBlock { try $0.indices.pass(to: write) } }
        if entries <= Int(Int32.max) {
            let narrow = Buffer<Int32>(count: matrix.rows + 1)
            for r in 0...matrix.rows { narrow[r] = Int32(starts[r]) }
            try zip.add("indptr", "<i4", [matrix.rows + 1]) { try narrow.pass(to: $0) }
        } else {
            try zip.add("indptr", "<i8", [matrix.rows + 1]) { try starts.pass(to: $0) }
        }
        try zip.add("format", "|S3", []) { try Buffer(Array("csr".utf8)).pass(to: $0) }
        try zip.add("shape", "<i8", [2]) {
            try Buffer([Int64(matrix.rows), Int64(matrix.cols)]).pass(to: $0)
        }
        try zip.add("data", "<f4", [entries]) { write in
            try matrix.forEachBlock { try ($0.values ?? ones($0.nonZeros)).pass(to: write) }
        }
        try zip.finish()
    }

    /// Reads a CSR matrix of finite values; rows whose columns aren't sorted are sorted.
    ///
    /// - Throws: `Failure` where the file is missing or damaged, is no CSR matrix of numbers, or breaks the
    ///   rules of one (offsets that fall, columns out of range or repeated, NaN, infinity).
    public static func readCSR(path: String) throws -> CSRMatrix {
        try csr(ZipReader(MappedFile(path: path)), path: path).sortedMatrix()
    }

    /// What the archive holds: a CSR matrix, or the only array that `numpy.savez` put there.
    static func read(_ file: MappedFile) throws -> StoredMatrix {
        let zip = try ZipReader(file)
        if zip.names.count == 1, zip.names[0].hasSuffix(".npy") {
            return .dense(try NumPyArray(zip, String(zip.names[0].dropLast(4)), path: file.path))
        }
        return .sparse(try csr(zip, path: file.path))
    }

    /// The shape that the archive says, without the matrix.
    static func shape(_ file: MappedFile) throws -> [Int] {
        let zip = try ZipReader(file)
        if zip.names.count == 1, zip.names[0].hasSuffix(".npy") {
            return try NumPyArray(zip, String(zip.names[0].dropLast(4)), path: file.path).shape
        }
        return try NumPyArray(zip, "shape", path: file.path).integers().array.map { Int(clamping: $0) }
    }

    private static func csr(_ zip: ZipReader, path: String) throws -> StoredCSR {
        let format = try NumPyArray(zip, "format", path: path)
        guard format.text == "csr" else {
            throw Failure(
                .usage, "not a matrix in CSR form", at: path, found: quoted(format.text.utf8), expected: "csr",
                advice: "in Python: scipy.sparse.save_npz(path, matrix.tocsr())")
        }
        return StoredCSR(
            shape: try NumPyArray(zip, "shape", path: path).integers().array,
            starts: try NumPyArray(zip, "indptr", path: path), columns: try NumPyArray(zip, "indices", path: path),
            values: try NumPyArray(zip, "data", path: path), place: path)
    }

    private static func ones(_ count: Int) -> Buffer<Float> {
        let values = Buffer<Float>(count: count)
        values.fill(1)
        return values
    }
}

extension ZipWriter {
    /// Adds an array whose elements come in parts.
    fileprivate mutating func add(
        _ name: String, _ type: String, _ shape: [Int],
        _ elements: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        try add(name + ".npy", header: NPYHeader(type: type, shape: shape).bytes, content: elements)
    }
}

extension Buffer {
    /// A buffer that nobody else holds must live until its bytes are written.
    fileprivate func pass(to write: (UnsafeRawBufferPointer) throws -> Void) throws {
        try withExtendedLifetime(self) { try write(UnsafeRawBufferPointer(bytes)) }
    }
}

extension NumPyArray {
    fileprivate init(_ zip: ZipReader, _ name: String, path: String) throws {
        try self.init(npy: zip.read(name + ".npy"), place: "\(path): \(name)")
    }
}

extension NPZ {
    /// Writes `matrix` as the member `name` of an archive, `<f4` in C order: `numpy.load(path)[name]` is it. The file
    /// appears when it is complete.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func writeDense(path: String, name: String, matrix: DenseMatrix) throws {
        var zip = try ZipWriter(path: path)
        try withExtendedLifetime(matrix) {
            try NPYHeader(type: "<f4", shape: [matrix.rows, matrix.cols]).bytes.withUnsafeBytes {
                try zip.add("\(name).npy", [$0, UnsafeRawBufferPointer(matrix.buffer.bytes)])
            }
        }
        try zip.finish()
    }
}
