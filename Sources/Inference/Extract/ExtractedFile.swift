import Checkpoint
import Formats
import Foundation
import Learners
import Support

/// A matrix as a file whose format its name tells: `.npy`, `.npz` or `.h5`.
public enum ExtractedFile {
    public enum Format: String, CaseIterable, Sendable { case npy, npz, h5 }

    /// - Throws: `Failure` where the name ends in none of them.
    public static func format(of path: String) throws -> Format {
        let ending = (path as NSString).pathExtension.lowercased()
        if let format = Format(rawValue: ending) { return format }
        throw Failure(
            .usage, "a file name that tells no format", at: "--to", found: path,
            expected: "a name that ends in .npy, .npz or .h5",
            advice: "numpy reads the first two, h5py the third")
    }

    /// Writes the matrix; the file appears when it is complete.
    ///
    /// - Parameters:
    ///   - name: of the array, in .npz and .h5.
    ///   - attributes: of the file, in .h5.
    /// - Throws: `Failure` where the matrix is sparse and the format is not, or the file cannot be written.
    public static func write(
        _ matrix: ExtractedMatrix, to path: String, name: String, attributes: [String: H5Attribute] = [:]
    ) throws {
        switch matrix {
        case .dense(let matrix): try write(matrix, to: path, name: name, attributes: attributes)
        case .sparse(let matrix): try write(matrix, to: path, attributes: attributes)
        }
    }

    /// Writes a matrix that is there by runs of its rows; only .npy needs no copy of the whole.
    ///
    /// - Parameters: as of `write(_:to:name:attributes:)`.
    /// - Throws: `Failure` where the file cannot be written.
    public static func write(
        rows parts: [DenseMatrix], cols: Int, to path: String, name: String, attributes: [String: H5Attribute] = [:]
    ) throws {
        if try format(of: path) == .npy { return try NPY.write(rows: parts, cols: cols, path: path) }
        let whole = DenseMatrix(rows: parts.reduce(0) { $0 + $1.rows }, cols: cols)
        var at = 0
        for part in parts {
            whole.rows(at..<at + part.rows).update(from: part.buffer.all)
            at += part.rows
        }
        try write(whole, to: path, name: name, attributes: attributes)
    }

    /// As scipy reads it (.npz), or in the arrays of our own score files (.h5).
    private static func write(_ matrix: CSRMatrix, to path: String, attributes: [String: H5Attribute]) throws {
        switch try format(of: path) {
        case .npz: try NPZ.writeCSR(path: path, matrix: matrix)
        case .h5: try ScoreFile.write(matrix, to: path, attributes: attributes)
        case .npy:
            throw Failure(
                .usage, "a sparse matrix does not go into a .npy file", at: "--to", found: path,
                expected: "a name that ends in .npz or .h5", advice: "scipy.sparse.load_npz reads .npz")
        }
    }

    private static func write(
        _ matrix: DenseMatrix, to path: String, name: String, attributes: [String: H5Attribute]
    ) throws {
        switch try format(of: path) {
        case .npy: try NPY.write(matrix, path: path)
        case .npz: try NPZ.writeDense(path: path, name: name, matrix: matrix)
        case .h5:
            try AtomicFile.replace(path) { temporary in
                let file = try H5File(creating: temporary)
                for (key, value) in attributes.sorted(by: { $0.key < $1.key }) { try file.setAttribute(key, value) }
                try file.write(name, matrix)
                try file.close()
            }
        }
    }
}
