import Buffers
import Diagnostics
import Kernels

/// Sparse matrices as scipy stores them (`scipy.sparse.save_npz`): predictions, and features of others' making.
public enum NPZ {
    /// Writes `matrix` so that `scipy.sparse.load_npz` opens it: CSR, `<f4` values (ones where the matrix is binary),
    /// 32-bit indices, offsets of 32 bits where they fit. The file appears when it is whole.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func writeCSR(path: String, matrix: CSRMatrix) throws {
        try writeCSR(path: path, matrix: matrix, zip64From: 0xFFFF_FFFF)
    }

    /// - Parameter zip64From: the size from which zip64 records are written; lower than the format's limit in tests only.
    package static func writeCSR(path: String, matrix: CSRMatrix, zip64From: Int) throws {
        var zip = try ZipWriter(path: path, zip64From: zip64From)
        func add<Element>(_ name: String, _ type: String, _ shape: [Int], _ data: Buffer<Element>) throws {
            // A buffer that nobody else holds must live until its bytes are written.
            try withExtendedLifetime(data) {
                try NPYHeader(type: type, shape: shape).bytes.withUnsafeBytes {
                    try zip.add(name + ".npy", [$0, UnsafeRawBufferPointer(data.bytes)])
                }
            }
        }
        let entries = matrix.nonZeros
        try add("indices", "<i4", [entries], matrix.indices)
        if entries <= Int(Int32.max) {
            let starts = Buffer<Int32>(count: matrix.rows + 1)
            for r in 0...matrix.rows { starts[r] = Int32(matrix.starts[r]) }
            try add("indptr", "<i4", [matrix.rows + 1], starts)
        } else {
            try add("indptr", "<i8", [matrix.rows + 1], matrix.starts)
        }
        try add("format", "|S3", [], Buffer(Array("csr".utf8)))
        try add("shape", "<i8", [2], Buffer([Int64(matrix.rows), Int64(matrix.cols)]))
        try add("data", "<f4", [entries], matrix.values ?? ones(entries))
        try zip.finish()
    }

    /// Reads a CSR matrix of finite values; rows whose columns aren't sorted are sorted.
    ///
    /// - Throws: `Failure` where the file is missing or damaged, is no CSR matrix of `f4` or `f8` values, or breaks the
    ///   rules of one (offsets that fall, columns out of range or repeated, NaN, infinity).
    public static func readCSR(path: String) throws -> CSRMatrix {
        let zip = try ZipReader(path: path)
        let format = try NPYMember(zip, "format", path: path)
        guard format.text == "csr" else {
            throw Failure(
                .usage, "not a matrix in CSR form", at: path, found: quoted(format.text.utf8), expected: "csr",
                advice: "in Python: scipy.sparse.save_npz(path, matrix.tocsr())")
        }
        let shape = try NPYMember(zip, "shape", path: path).integers()
        let starts = try NPYMember(zip, "indptr", path: path).integers()
        let columns = try NPYMember(zip, "indices", path: path).integers()
        let values = try NPYMember(zip, "data", path: path).floats()
        try check(shape: shape, starts: starts, columns: columns, values: values, path: path)
        let indices = Buffer<Int32>(count: columns.count)
        for i in 0..<columns.count { indices[i] = Int32(truncatingIfNeeded: columns[i]) }
        let matrix = CSRMatrix(rows: Int(shape[0]), cols: Int(shape[1]), starts: starts, indices: indices, values: values)
        for r in 0..<matrix.rows where !ascends(matrix.columns(r)) { try sort(row: r, of: matrix, path: path) }
        return matrix
    }

    private static func ones(_ count: Int) -> Buffer<Float> {
        let values = Buffer<Float>(count: count)
        values.fill(1)
        return values
    }

    private static func check(
        shape: Buffer<Int64>, starts: Buffer<Int64>, columns: Buffer<Int64>, values: Buffer<Float>, path: String
    ) throws {
        func bad(_ problem: String, found: String, expected: String) -> Failure {
            Failure(.usage, problem, at: path, found: found, expected: expected, advice: "write the file again")
        }
        let limit = Int64(Int32.max)
        guard shape.count == 2, shape[0] >= 0, (0...limit).contains(shape[1]), shape[0] == Int64(starts.count) - 1 else {
            throw bad(
                "wrong shape", found: "shape \(shape.array.prefix(4)), \(starts.count) offsets", expected: "rows + 1 offsets")
        }
        guard columns.count == values.count, starts[0] == 0, starts[starts.count - 1] == Int64(columns.count) else {
            throw bad(
                "offsets, indices and data don't fit together",
                found: "\(columns.count) indices, \(values.count) values, offsets up to \(starts[starts.count - 1])",
                expected: "equal numbers")
        }
        for r in 1..<starts.count where starts[r] < starts[r - 1] {
            throw bad("offsets fall", found: "row \(r - 1) ends at \(starts[r]), before its start", expected: "ascending offsets")
        }
        for i in 0..<columns.count where !(0..<shape[1]).contains(columns[i]) {
            throw bad("index out of range", found: "\(columns[i])", expected: "0…\(shape[1] - 1)")
        }
        let at = xc_first_not_finite(values.pointer, values.count)
        if at < values.count { throw bad("value not finite", found: "\(values[at]), entry \(at)", expected: "finite numbers") }
    }

    private static func ascends(_ columns: UnsafeBufferPointer<Int32>) -> Bool {
        for i in columns.indices.dropFirst() where columns[i] <= columns[i - 1] { return false }
        return true
    }

    private static func sort(row: Int, of matrix: CSRMatrix, path: String) throws {
        let range = matrix.range(row)
        let entries = range.map { (matrix.indices[$0], matrix.values![$0]) }.sorted { $0.0 < $1.0 }
        for (i, entry) in zip(range, entries) {
            if i > range.lowerBound, matrix.indices[i - 1] == entry.0 {
                throw Failure(
                    .usage, "index repeated in its row", at: "\(path): row \(row)", found: "column \(entry.0)",
                    expected: "each column once", advice: "in Python: matrix.sum_duplicates() before save_npz")
            }
            matrix.indices[i] = entry.0
            matrix.values?[i] = entry.1
        }
    }
}
