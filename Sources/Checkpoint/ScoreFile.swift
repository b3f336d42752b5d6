import Support

/// Sparse scores (documents × labels) as HDF5: `score.h5`, and a learner's raw predictions by part.
///
/// A matrix is a group of datasets `indptr` (int64), `indices` (int32) and `data` (float32), as scipy's CSR, with the
/// attributes `shape` (rows, columns) and `checksum` (CRC-32 of the three, in that order).
public enum ScoreFile {
    /// Writes one matrix into the file's root, in place of what was at `path`.
    ///
    /// - Throws: `Failure`: `.outOfResources` where the disk is full, `.usage` where we may not write.
    public static func write(_ scores: some RowBlocks, to path: String, attributes: [String: H5Attribute] = [:]) throws {
        try write(to: path, attributes: attributes) { try put(scores, "/", into: $0) }
    }

    /// The matrix in the file's root, its checksum checked.
    ///
    /// - Throws: `Failure`: `.usage` where there is no such file, `.damagedCheckpoint` where it is not as it was written.
    public static func read(_ path: String) throws -> CSRMatrix { try take("/", from: H5File(opening: path)) }

    /// Writes several matrices (`clf`, `knn`, `reranker`), each into a group of its name.
    ///
    /// - Parameter attributes: of the file: fingerprint, seed, … : what says whose predictions they are.
    public static func write(
        parts: [String: any RowBlocks], to path: String, attributes: [String: H5Attribute] = [:]
    ) throws {
        try write(to: path, attributes: attributes) { file in
            for (name, matrix) in parts.sorted(by: { $0.key < $1.key }) { try put(matrix, "/\(name)", into: file) }
            try file.setAttribute("parts", .string(parts.keys.sorted().joined(separator: ",")))
        }
    }

    /// All matrices of a file of parts, their checksums checked, and the attributes it was written with.
    public static func readParts(_ path: String) throws -> (parts: [String: CSRMatrix], attributes: [String: H5Attribute]) {
        let file = try H5File(opening: path)
        let parts = try partNames(file).map { ($0, try take("/\($0)", from: file)) }
        return (Dictionary(uniqueKeysWithValues: parts), try attributes(file))
    }

    /// The same, where the matrices need not fit in memory: they are read once for their checksums, then by blocks.
    public static func openParts(_ path: String) throws -> (parts: [String: StoredRows], attributes: [String: H5Attribute]) {
        let (parts, attributes) = try storedParts(path)
        for part in parts.values { try part.check() }
        return (parts, attributes)
    }

    /// The same of a file that was just written or checked.
    public static func storedParts(_ path: String) throws -> (parts: [String: StoredRows], attributes: [String: H5Attribute]) {
        let file = try H5File(opening: path)
        let parts = try partNames(file).map { ($0, try StoredRows("/\($0)", of: file)) }
        return (Dictionary(uniqueKeysWithValues: parts), try attributes(file))
    }

    /// Reads the matrix in the root by blocks, and checks it.
    ///
    /// - Throws: as `read`.
    public static func check(_ path: String) throws { try StoredRows("/", of: H5File(opening: path)).check() }

    private static func partNames(_ file: borrowing H5File) throws -> Set<String> {
        guard case .string(let names)? = try file.attribute("parts") else { throw damaged(file.path, "no attribute 'parts'") }
        return Set(names.split(separator: ",").map(String.init))
    }

    private static func attributes(_ file: borrowing H5File) throws -> [String: H5Attribute] {
        var attributes = [String: H5Attribute]()
        for name in file.attributeNames() where !["parts", "format"].contains(name) {
            attributes[name] = try file.attribute(name)
        }
        return attributes
    }

    private static func write(
        to path: String, attributes: [String: H5Attribute], _ body: (borrowing H5File) throws -> Void
    ) throws {
        try AtomicFile.replace(path) { temporary in
            let file = try H5File(creating: temporary)
            try file.setAttribute("format", .string("deepxml-dist scores 1"))
            for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { try file.setAttribute(name, value) }
            try body(file)
            try file.close()
        }
    }

    private static func put(_ matrix: some RowBlocks, _ group: String, into file: borrowing H5File) throws {
        let prefix = group == "/" ? "" : "\(group)/"
        try file.write("\(prefix)indptr", matrix.rowStarts())
        try file.write("\(prefix)indices", count: matrix.nonZeros) { write in
            try matrix.forEachBlock { try write($0.indices) }
        }
        if matrix.hasValues {
            try file.write("\(prefix)data", count: matrix.nonZeros) { write in
                try matrix.forEachBlock { if let values = $0.values { try write(values) } }
            }
        }
        try file.setAttribute("shape", .ints([matrix.rows, matrix.cols]), on: group)
        try file.setAttribute("checksum", .string(checksum(matrix)), on: group)
    }

    private static func take(_ group: String, from file: borrowing H5File) throws -> CSRMatrix {
        let stored = try StoredRows(group, of: file), matrix = try stored.block(0..<stored.rows)
        try stored.check(matrix)
        return matrix
    }

    static func checksum(_ matrix: some RowBlocks) throws -> String {
        var checksum = CRC32()
        let starts = try matrix.rowStarts()
        checksum.update(UnsafeRawBufferPointer(starts.bytes))
        try matrix.forEachBlock { checksum.update(UnsafeRawBufferPointer($0.indices.bytes)) }
        if matrix.hasValues {
            try matrix.forEachBlock { block in
                if let values = block.values { checksum.update(UnsafeRawBufferPointer(values.bytes)) }
            }
        }
        return checksum.hex
    }

    static func damaged(_ path: String, _ found: String) -> Failure {
        Failure(
            .damagedCheckpoint, "the scores cannot be trusted", at: path, found: found,
            advice: "delete the file: the same command then computes it again")
    }
}
