import Support

extension MatrixFile {
    /// Writes `matrix` in a format of one matrix (all but the one-file form); values as 32-bit floats, ones where it is binary.
    /// The file appears when it is whole.
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
