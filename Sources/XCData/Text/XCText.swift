import Buffers
import Diagnostics
import Kernels

/// The text form of the XC repository: a header `rows cols`, then a line of `index:value` entries for each row.
///
/// Indices count from 0 and ascend in each row; values are finite and not negative; an entry of value 0 counts as
/// absent; an empty line is an empty row. CRLF, tabs, and a missing last newline are accepted.
public enum XCText {
    public enum Kind: Sendable {
        /// Values are kept.
        case features
        /// Values are checked and dropped: the matrix is binary.
        case labels
    }

    /// Reads a file on `threads` threads. Each value is the float nearest to its decimal text.
    ///
    /// - Returns: a rows×cols matrix, without `values` for labels.
    /// - Throws: `Failure` that names the first refused line and column. Memory stays in proportion to the file's size,
    ///   whatever its header says.
    public static func read(path: String, kind: Kind, threads: Int) throws -> CSRMatrix {
        try read(path: path, kind: kind, threads: threads, pieceBytes: 1 << 20)
    }

    /// - Parameter pieceBytes: about how much of the file a thread takes at a time; tests make it small.
    package static func read(path: String, kind: Kind, threads: Int, pieceBytes: Int) throws -> CSRMatrix {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        return try read(file: MappedFile(path: path), kind: kind, team: team, pieceBytes: pieceBytes)
    }

    static func read(file: MappedFile, kind: Kind, team: ThreadTeam, pieceBytes: Int = 1 << 20) throws -> CSRMatrix {
        file.adviseSequential()
        let header = try XCTextHeader(file.bytes, path: file.path)
        var body = XCTextBody(file: file, start: header.bodyStart, pieceBytes: pieceBytes)
        body.count(team)
        try checkRows(body, header, path: file.path)
        let parsed = body.parse(kind: kind, cols: header.cols, team)
        if let error = parsed.error { throw error.failure(path: file.path, header: header) }
        return CSRMatrix(
            rows: header.rows, cols: header.cols, starts: parsed.starts, indices: parsed.indices, values: parsed.values)
    }

    private static func checkRows(_ body: XCTextBody, _ header: XCTextHeader, path: String) throws {
        guard body.rows != header.rows else { return }
        var advice = "correct the header, or find the rows that are missing or too many"
        if body.rows < header.rows {
            advice = "the file may be cut off (copy it again), or else correct the header"
        } else if body.rows == header.rows + 1, body.lastLineIsEmpty {
            advice = "delete the empty line at the end of the file"
        }
        throw Failure(
            .usage, "the header's number of rows is not the file's", at: "\(path):1", found: "\(body.rows) rows after the header",
            expected: "\(header.rows), as the header says", advice: advice)
    }
}
