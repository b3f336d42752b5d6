import Support

/// A sparse matrix that another program wrote with h5py: scipy's three arrays and an attribute `shape`, without our
/// checksum, of any of the usual element types. Nothing in it is checked yet.
public struct ForeignScores {
    public let shape: Buffer<Int64>
    public let starts: Buffer<Int64>
    public let columns: Buffer<Int64>
    public let values: Buffer<Float>

    /// - Throws: `Failure` where the file is no HDF5 file, lacks one of the arrays, or has elements of other types.
    public init(_ path: String) throws {
        let file = try H5File(opening: path)
        guard case .ints(let extents)? = try file.attribute("shape"), extents.count == 2, file.contains("indptr"),
            file.contains("indices")
        else {
            throw Failure(
                .usage, "not a file of predictions", at: path, found: "an HDF5 file without such a matrix in its root",
                expected: "datasets indptr, indices, data and an attribute shape (rows, columns), as score.h5 has",
                advice: "docs/FORMATS.md, \"Scores\", shows how h5py writes one")
        }
        shape = Buffer(extents.map { Int64($0) })
        starts = try Self.integers("indptr", file)
        columns = try Self.integers("indices", file)
        if file.contains("data") {
            values = try Self.floats("data", file)
        } else {
            values = Buffer(count: columns.count)
            values.fill(1)
        }
    }

    private static func integers(_ name: String, _ file: borrowing H5File) throws -> Buffer<Int64> {
        switch try file.info(name).type {
        case .int64: return try file.read(name)
        case .int32:
            let narrow: Buffer<Int32> = try file.read(name)
            let wide = Buffer<Int64>(count: narrow.count)
            for i in 0..<narrow.count { wide[i] = Int64(narrow[i]) }
            return wide
        case let type: throw wrongType(name, type, file, expected: "int32 or int64")
        }
    }

    private static func floats(_ name: String, _ file: borrowing H5File) throws -> Buffer<Float> {
        switch try file.info(name).type {
        case .float32: return try file.read(name)
        case .float64:
            let wide: Buffer<Double> = try file.read(name)
            let narrow = Buffer<Float>(count: wide.count)
            for i in 0..<wide.count { narrow[i] = Float(wide[i]) }
            return narrow
        case let type: throw wrongType(name, type, file, expected: "float32 or float64")
        }
    }

    private static func wrongType(_ name: String, _ type: H5Scalar, _ file: borrowing H5File, expected: String) -> Failure {
        Failure(
            .usage, "wrong type", at: "\(file.path): \(name)", found: type.rawValue, expected: expected,
            advice: "convert the matrix in Python: matrix.astype('float32')")
    }
}

extension ScoreFile {
    /// What an HDF5 file holds, by its attributes.
    public enum Content: Sendable {
        /// `clf`, `knn`, … of a learner: `readParts`.
        case parts
        /// One matrix of ours: `read`.
        case scores
        /// What others wrote: `ForeignScores`.
        case foreign
    }

    /// - Throws: `Failure` where the file is missing or no HDF5 file.
    public static func content(_ path: String) throws -> Content {
        let file = try H5File(opening: path)
        let names = file.attributeNames()
        if names.contains("parts") { return .parts }
        // Whoever wrote our format's name owes us its checksum.
        return names.contains("format") || names.contains("checksum") ? .scores : .foreign
    }
}
