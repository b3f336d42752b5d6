import Support

/// Files of features and labels in any of the formats that this program reads, told apart by their content.
public enum MatrixFile {
    /// The purpose of the matrix, which decides what it may hold.
    public enum Kind: Sendable, CaseIterable {
        /// Sparse features. Entries of value 0 count as absent; text holds no negative ones.
        case features
        /// Labels: a binary matrix, without `values`; every entry that isn't 0 is a label, and none is negative.
        case labels
        /// Dense features: each row holds all columns (`starts[r] = r·cols`), so that `values` is the matrix, row-major.
        case dense
        /// Token ids in the order of the text, perhaps repeated; all values are 1.
        case sequences
        /// Sparse numbers of any sign, as `convert` takes them.
        case values
    }

    /// Reads the matrix in `path`. All of its buffers may be written.
    ///
    /// XC text, the old one-file form (`kind` says which half of it), both also as gzip; scipy's CSR and a numpy array,
    /// each as `.npz`, `.npy` and pickle. Doubles are rounded to floats; a pickle is read without running code.
    ///
    /// - Throws: `Failure` for a missing, damaged or unknown file, and for whatever its content may not be (with the line
    ///   in text, else the row). Memory stays in proportion to the file's size, whatever its header says.
    public static func read(path: String, kind: Kind, threads: Int) throws -> CSRMatrix {
        try read(path: path, kind: kind, threads: threads, chunkBytes: GzipText.chunkBytes)
    }

    /// - Parameters:
    ///   - chunkBytes: packed text that is unpacked at a time.
    ///   - pieceBytes: about how much text a thread takes at a time; tests make both small.
    package static func read(
        path: String, kind: Kind, threads: Int, chunkBytes: Int = GzipText.chunkBytes, pieceBytes: Int = 1 << 20
    ) throws -> CSRMatrix {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        return try read(MappedFile(path: path), kind: kind, team, chunkBytes: chunkBytes, pieceBytes: pieceBytes)
    }

    /// What the content of `path` says that it is.
    ///
    /// - Throws: `Failure` where the file is missing, or text without a header, or of a form that is not read.
    public static func format(path: String) throws -> MatrixFormat { try format(MappedFile(path: path)) }

    /// - Parameters:
    ///   - chunkBytes: packed text that is unpacked at a time.
    ///   - pieceBytes: about how much text a thread takes at a time; tests make both small.
    package static func read(
        _ file: MappedFile, kind: Kind, _ team: ThreadTeam, chunkBytes: Int = 16 << 20, pieceBytes: Int = 1 << 20
    ) throws -> CSRMatrix {
        try ProgressScope.stage("reading \(lastName(file.path))", of: textBytes(file), ProgressReport.bytes) {
            try read(file, kind: kind, team, chunkBytes: chunkBytes, pieceBytes: pieceBytes, $0)
        }
    }

    /// Bytes that are counted while they are read: those of plain text.
    private static func textBytes(_ file: MappedFile) -> Int? {
        let isText = (try? binaryLayout(file)) == .some(nil) && !GzipText.recognises(file.bytes)
        return isText ? file.count : nil
    }

    private static func read(
        _ file: MappedFile, kind: Kind, _ team: ThreadTeam, chunkBytes: Int, pieceBytes: Int, _ progress: ProgressStage
    ) throws -> CSRMatrix {
        switch try binaryLayout(file) {
        case .npz: return try NPZ.read(file).matrix(kind, team)
        case .npy: return try StoredMatrix.dense(NumPyArray(npy: file.content, place: file.path)).matrix(kind, team)
        case .pickle: return try Pickle.read(file).matrix(kind, team)
        default: break
        }
        let matrix: CSRMatrix
        if GzipText.recognises(file.bytes) {
            matrix = try text(GzipText(file, chunkBytes: chunkBytes), kind: kind, pieceBytes: pieceBytes).read(team, progress)
        } else {
            file.adviseSequential()
            matrix = try TextMatrix(WholeText(file), kind: kind, pieceBytes: pieceBytes).read(team, progress)
        }
        switch kind {
        case .dense: return try matrix.filledUp(place: file.path, bytes: file.count)
        case .sequences: return try matrix.asSequences(place: file.path, isText: true)
        default: return matrix
        }
    }

    /// Rows of XC text that come without a header, as through a pipe: `id:value` entries, a line a document.
    ///
    /// - Parameters:
    ///   - lines: `count` lines.
    ///   - firstLine: the number of the first of them, for messages.
    /// - Throws: `Failure` with line and column of what is refused.
    public static func rows(
        _ lines: [UInt8], count: Int, cols: Int, kind: Kind, place: String, firstLine: Int, _ team: ThreadTeam
    ) throws -> CSRMatrix {
        let text = Array("\(count) \(cols)\n".utf8) + lines
        let file = text.withUnsafeBytes { MappedFile(path: place, content: $0) }
        let matrix = try ProgressScope.hidden {
            try ProgressScope.stage("reading \(place)") {
                // Files of arrays may hold features of any sign, which come this way too.
                try TextMatrix(WholeText(file), kind: kind == .features ? .values : kind, firstLine: firstLine).read(team, $0)
            }
        }
        switch kind {
        case .dense: return try matrix.filledUp(place: place, bytes: text.count)
        case .sequences: return matrix.withOnes()
        default: return matrix
        }
    }

    static func format(_ file: MappedFile) throws -> MatrixFormat {
        if let layout = try binaryLayout(file) { return MatrixFormat(layout) }
        if GzipText.recognises(file.bytes) {
            let header = try text(GzipText(file, chunkBytes: 1 << 12), kind: .values).header
            return MatrixFormat(header.labels == nil ? .xcText : .oneFile, isPacked: true)
        }
        let header = try XCTextHeader(file.bytes, path: file.path)
        return MatrixFormat(header.labels == nil ? .xcText : .oneFile)
    }

    /// Text in a gzip file: other forms within one are named, since they would pass for a strange header.
    static func text(_ source: GzipText, kind: Kind, pieceBytes: Int = 1 << 20) throws -> TextMatrix {
        do {
            return try TextMatrix(source, kind: kind, pieceBytes: pieceBytes)
        } catch var failure as Failure where failure.problem == "no header" {
            failure.advice += "; only text may be packed: unpack the file by gunzip where it is a .npy, .npz or .pkl"
            throw failure
        }
    }

    /// Nil for text, packed or not.
    static func binaryLayout(_ file: MappedFile) throws -> MatrixFormat.Layout? {
        let bytes = file.bytes
        if bytes.starts(with: NPYHeader.magic) { return .npy }
        if bytes.starts(with: Array("PK".utf8)) { return .npz }
        if Pickle.recognises(bytes) { return .pickle }
        guard bytes.starts(with: Array("\u{89}HDF".unicodeScalars.map { UInt8($0.value) })) else { return nil }
        throw Failure(
            .usage, "an HDF5 file holds no features or labels that can be read", at: file.path, found: "HDF5",
            expected: "XC text, scipy's .npz, .npy or a pickle", advice: "write the matrix by scipy.sparse.save_npz or numpy.save"
        )
    }
}

extension MatrixFile {
    /// Writes `matrix` in a format of one matrix (all but the one-file form); values as 32-bit floats, ones where it is binary.
    /// The file appears when it is complete.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full; for the one-file form.
    public static func write(_ matrix: CSRMatrix, to path: String, format: MatrixFormat) throws {
        switch format.layout {
        case .xcText: try XCText.write(path, matrix: matrix, isPacked: format.isPacked)
        case .npz: try NPZ.writeCSR(path: path, matrix: matrix)
        case .npy: try NPY.write(matrix, path: path)
        case .pickle: try Pickle.writeCSR(path, matrix: matrix)
        case .densePickle: try Pickle.writeDense(path, matrix: matrix)
        case .oneFile:
            throw Failure(
                .usage, "the one-file form holds features and labels", at: path, found: "one matrix",
                expected: "both", advice: "name both: --from FEATURES --from-labels LABELS")
        }
    }
}
