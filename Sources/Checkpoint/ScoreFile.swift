import Support

/// Sparse scores (documents × labels) as HDF5: `score.h5`, and a learner's raw predictions by part.
///
/// A matrix is a group of datasets `indptr` (int64), `indices` (int32) and `data` (float32), as scipy's CSR, with the
/// attributes `shape` (rows, columns) and `checksum` (CRC-32 of the three, in that order).
public enum ScoreFile {
    /// Writes one matrix into the file's root, in place of what was at `path`.
    ///
    /// - Throws: `Failure`: `.outOfResources` where the disk is full, `.usage` where we may not write.
    public static func write(_ scores: CSRMatrix, to path: String, attributes: [String: H5Attribute] = [:]) throws {
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
        parts: [String: CSRMatrix], to path: String, attributes: [String: H5Attribute] = [:]
    ) throws {
        try write(to: path, attributes: attributes) { file in
            for (name, matrix) in parts.sorted(by: { $0.key < $1.key }) { try put(matrix, "/\(name)", into: file) }
            try file.setAttribute("parts", .string(parts.keys.sorted().joined(separator: ",")))
        }
    }

    /// All matrices of a file of parts, their checksums checked, and the attributes it was written with.
    public static func readParts(_ path: String) throws -> (parts: [String: CSRMatrix], attributes: [String: H5Attribute]) {
        let file = try H5File(opening: path)
        guard case .string(let names)? = try file.attribute("parts") else { throw damaged(path, "no attribute 'parts'") }
        var parts = [String: CSRMatrix]()
        for name in names.split(separator: ",") { parts[String(name)] = try take("/\(name)", from: file) }
        var attributes = [String: H5Attribute]()
        for name in file.attributeNames() where !["parts", "format"].contains(name) {
            attributes[name] = try file.attribute(name)
        }
        return (parts, attributes)
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

    private static func put(_ matrix: CSRMatrix, _ group: String, into file: borrowing H5File) throws {
        let prefix = group == "/" ? "" : "\(group)/"
        try file.write("\(prefix)indptr", matrix.starts)
        try file.write("\(prefix)indices", matrix.indices)
        if let values = matrix.values { try file.write("\(prefix)data", values) }
        try file.setAttribute("shape", .ints([matrix.rows, matrix.cols]), on: group)
        try file.setAttribute("checksum", .string(checksum(matrix)), on: group)
    }

    private static func take(_ group: String, from file: borrowing H5File) throws -> CSRMatrix {
        let prefix = group == "/" ? "" : "\(group)/"
        guard case .ints(let shape)? = try file.attribute("shape", on: group), shape.count == 2,
            case .string(let stored)? = try file.attribute("checksum", on: group)
        else { throw damaged(file.path, "no 'shape' or 'checksum' of group '\(group)'") }
        let starts: Buffer<Int64> = try file.read("\(prefix)indptr")
        let indices: Buffer<Int32> = try file.read("\(prefix)indices")
        let values: Buffer<Float>? = file.contains("\(prefix)data") ? try file.read("\(prefix)data") : nil
        guard starts.count == shape[0] + 1, values.map({ $0.count == indices.count }) ?? true else {
            throw damaged(file.path, "\(starts.count) row offsets for \(shape[0]) rows in group '\(group)'")
        }
        let matrix = CSRMatrix(rows: shape[0], cols: shape[1], starts: starts, indices: indices, values: values)
        let real = checksum(matrix)
        guard real == stored else { throw damaged(file.path, "checksum \(real) of group '\(group)', expected \(stored)") }
        return matrix
    }

    private static func checksum(_ matrix: CSRMatrix) -> String {
        var checksum = CRC32()
        checksum.update(UnsafeRawBufferPointer(matrix.starts.bytes))
        checksum.update(UnsafeRawBufferPointer(matrix.indices.bytes))
        if let values = matrix.values { checksum.update(UnsafeRawBufferPointer(values.bytes)) }
        return checksum.hex
    }

    private static func damaged(_ path: String, _ found: String) -> Failure {
        Failure(
            .damagedCheckpoint, "the scores cannot be trusted", at: path, found: found,
            advice: "delete the file: the same command then computes it again")
    }
}
