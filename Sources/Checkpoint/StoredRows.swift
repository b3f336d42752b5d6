import Support

/// A sparse matrix in an HDF5 file of ours, of which blocks of rows are read. The file is open only while one is.
public struct StoredRows: RowBlocks, Sendable {
    public let rows: Int
    public let cols: Int
    public let nonZeros: Int
    public let hasValues: Bool
    private let path: String
    private let prefix: String
    /// CRC-32 of the offsets, the indices and the values, in that order, as it was written.
    private let checksum: String

    /// - Throws: `Failure(.damagedCheckpoint)` where the arrays of `group` don't fit together.
    init(_ group: String, of file: borrowing H5File) throws {
        (path, prefix) = (file.path, group == "/" ? "" : "\(group)/")
        guard case .ints(let shape)? = try file.attribute("shape", on: group), shape.count == 2,
            case .string(let stored)? = try file.attribute("checksum", on: group)
        else { throw ScoreFile.damaged(path, "no 'shape' or 'checksum' of group '\(group)'") }
        (rows, cols, checksum) = (shape[0], shape[1], stored)
        nonZeros = try file.info("\(prefix)indices").shape[0]
        hasValues = file.contains("\(prefix)data")
        let starts = try file.info("\(prefix)indptr").shape[0]
        let values = hasValues ? try file.info("\(prefix)data").shape[0] : nonZeros
        guard rows >= 0, (0...Int(Int32.max)).contains(cols), starts - 1 == rows, values == nonZeros else {
            throw ScoreFile.damaged(path, "\(starts) row offsets for \(rows) rows of \(cols) columns in group '\(group)'")
        }
    }

    public func rowStarts() throws -> Buffer<Int64> { try part("indptr", 0..<rows + 1, of: H5File(opening: path)) }

    /// - Throws: `Failure`: `.damagedCheckpoint` where a checksum of HDF5's does not fit, or offsets fall, `.usage` where a column is none.
    public func block(_ range: Range<Int>) throws -> CSRMatrix {
        let file = try H5File(opening: path)
        let starts: Buffer<Int64> = try part("indptr", range.lowerBound..<range.upperBound + 1, of: file)
        let first = starts[0], last = starts[range.count]
        guard first >= 0, last <= nonZeros, (0..<range.count).allSatisfy({ starts[$0] <= starts[$0 + 1] }) else {
            throw ScoreFile.damaged(path, "row offsets that fall, or lead beyond the \(nonZeros) entries")
        }
        for r in 0...range.count { starts[r] -= first }
        let entries = Int(first)..<Int(last), indices: Buffer<Int32> = try part("indices", entries, of: file)
        try RangeChecks(of: path).indices(indices, of: "\(prefix)indices", below: cols)
        return CSRMatrix(
            rows: range.count, cols: cols, starts: starts, indices: indices,
            values: hasValues ? try part("data", entries, of: file) : nil)
    }

    /// Reads all of it, by blocks.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where it is not what the checksum was made of.
    func check() throws { try check(self) }

    /// - Parameter matrix: what was read of it.
    func check(_ matrix: some RowBlocks) throws {
        let stored = checksum, real = try ScoreFile.checksum(matrix)
        guard real == stored else {
            throw ScoreFile.damaged(path, "checksum \(real) of group '\(prefix.isEmpty ? "/" : prefix)', expected \(stored)")
        }
    }

    private func part<T: H5Element>(_ name: String, _ range: Range<Int>, of file: borrowing H5File) throws -> Buffer<T> {
        let buffer = Buffer<T>(count: range.count)
        let window = H5Window(rows: range, cols: 0..<1, target: (range.count, 1), corner: (0, 0))
        try file.read(prefix + name, window, into: buffer)
        return buffer
    }
}
