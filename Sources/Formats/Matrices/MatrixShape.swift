import Support

extension MatrixFile {
    /// Rows and columns of the matrix in `path`, as its header says them; only a pickle is read for it.
    ///
    /// - Parameter kind: which half of a file in the one-file form.
    /// - Throws: `Failure` where the file is missing, or its header is damaged or of a form that is not read.
    public static func shape(path: String, kind: Kind) throws -> (rows: Int, cols: Int) {
        let file = try MappedFile(path: path)
        switch try binaryLayout(file) {
        case .npz: return try twoOf(NPZ.shape(file), file)
        case .npy: return try twoOf(NPYHeader(file.bytes, place: path).shape, file)
        case .pickle:
            let matrix = try read(path: path, kind: kind, threads: 1)
            return (matrix.rows, matrix.cols)
        default: break
        }
        let header =
            try GzipText.recognises(file.bytes)
            ? text(GzipText(file, chunkBytes: 1 << 12), kind: .values).header : XCTextHeader(file.bytes, path: path)
        return (header.rows, kind == .labels ? header.labels ?? header.cols : header.cols)
    }

    private static func twoOf(_ shape: [Int], _ file: MappedFile) throws -> (rows: Int, cols: Int) {
        guard shape.count == 2, shape.allSatisfy({ $0 >= 0 }) else {
            throw Failure(
                .usage, "wrong shape", at: file.path, found: "(\(shape.map(String.init).joined(separator: ", ")))",
                expected: "a matrix of two dimensions", advice: "write a matrix of documents by rows")
        }
        return (shape[0], shape[1])
    }
}
