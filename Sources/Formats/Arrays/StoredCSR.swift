import CText
import Support

/// The three arrays and the shape of a scipy CSR matrix, as an `.npz` or a pickle holds them: nothing is verified yet.
struct StoredCSR {
    let shape: [Int64]
    let starts: NumPyArray
    let columns: NumPyArray
    let values: NumPyArray
    let place: String

    /// The arrays, read.
    func parts() throws -> CSRParts {
        let starts = try starts.integers(), columns = try columns.integers()
        try values.requireVector()
        return CSRParts(shape: shape, starts: starts, columns: columns, values: try values.floats(), place: place)
    }

    /// As `CSRParts.matrix`.
    func matrix() throws -> CSRMatrix { try parts().matrix() }

    /// As `CSRParts.sortedMatrix`.
    func sortedMatrix() throws -> CSRMatrix { try parts().sortedMatrix() }
}

/// The same in memory, still not verified.
struct CSRParts {
    let shape: [Int64]
    let starts: Buffer<Int64>
    let columns: Buffer<Int64>
    let values: Buffer<Float>
    let place: String

    /// The matrix with its columns in the order of the file, memory of its own.
    ///
    /// - Throws: `Failure` where offsets fall, columns are out of range, or a value is a NaN or infinity.
    func matrix() throws -> CSRMatrix {
        let limit = Int64(Int32.max)
        guard shape.count == 2, (0...limit).contains(shape[0]), (0...limit).contains(shape[1]),
            shape[0] == Int64(starts.count) - 1
        else {
            throw bad(
                "wrong shape", found: "shape \(shape.prefix(4)), \(starts.count) offsets",
                expected: "rows + 1 offsets, at most \(limit) rows and columns")
        }
        let floats = values
        let indices = try columnIndices()
        guard indices.count == floats.count, starts[0] == 0, starts[starts.count - 1] == Int64(indices.count) else {
            throw bad(
                "offsets, indices and data don't fit together",
                found: "\(indices.count) indices, \(floats.count) values, offsets up to \(starts[starts.count - 1])",
                expected: "equal numbers")
        }
        for r in 1..<starts.count where starts[r] < starts[r - 1] {
            throw bad("offsets fall", found: "row \(r - 1) ends at \(starts[r]), before its start", expected: "ascending offsets")
        }
        let at = ct_first_not_finite(floats.pointer, floats.count)
        if at < floats.count { throw bad("value not finite", found: "\(floats[at]), entry \(at)", expected: "finite numbers") }
        return CSRMatrix(rows: Int(shape[0]), cols: Int(shape[1]), starts: starts, indices: indices, values: floats)
    }

    /// The matrix with the columns of each row ascending.
    ///
    /// - Throws: `Failure` as `matrix` does, and where a row has a column twice.
    func sortedMatrix() throws -> CSRMatrix {
        let matrix = try matrix()
        for r in 0..<matrix.rows where !matrix.columns(r).ascends { try sort(row: r, of: matrix) }
        return matrix
    }

    private func bad(_ problem: String, found: String, expected: String) -> Failure {
        Failure(.usage, problem, at: place, found: found, expected: expected, advice: "write the file again")
    }

    private func columnIndices() throws -> Buffer<Int32> {
        let wide = columns
        let indices = Buffer<Int32>(count: wide.count)
        for i in 0..<wide.count {
            guard (0..<shape[1]).contains(wide[i]) else {
                throw bad("index out of range", found: "\(wide[i])", expected: "0…\(shape[1] - 1)")
            }
            indices.pointer[i] = Int32(truncatingIfNeeded: wide[i])
        }
        return indices
    }

    private func sort(row: Int, of matrix: CSRMatrix) throws {
        let range = matrix.range(row)
        let entries = range.map { (matrix.indices[$0], matrix.values![$0]) }.sorted { $0.0 < $1.0 }
        for (i, entry) in zip(range, entries) {
            if i > range.lowerBound, matrix.indices[i - 1] == entry.0 {
                throw Failure(
                    .usage, "index repeated in its row", at: "\(place): row \(row)", found: "column \(entry.0)",
                    expected: "each column once", advice: "in Python: matrix.sum_duplicates() before save_npz")
            }
            matrix.indices[i] = entry.0
            matrix.values?[i] = entry.1
        }
    }
}
