import Buffers
import Diagnostics
import Kernels

/// The text form of the XC repository: a header `rows cols`, then a line of `index:value` entries for each row.
///
/// Indices count from 0 and ascend in each row; values are finite and not negative; an entry of value 0 counts as
/// absent; an empty line is an empty row. CRLF, tabs, and a missing last newline are accepted.
public enum XCText {
    public typealias Kind = MatrixFile.Kind

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
        let file = try MappedFile(path: path)
        file.adviseSequential()
        return try TextMatrix(WholeText(file), kind: kind, takesOneFile: false, pieceBytes: pieceBytes).read(team)
    }
}
