import Glibc

/// A sparse matrix on its way to a file: rows are appended block after block, and read back by blocks.
///
/// Its entries lie in two files that have no name and end with the process, whatever ends it. Memory: 8 bytes a row.
public final class SpooledMatrix: RowBlocks, RowSink {
    public let rows: Int
    public let cols: Int
    private let starts: Buffer<Int64>
    private let indices: NamelessFile
    private let values: NamelessFile
    /// Rows that are there.
    private var filled = 0

    /// - Parameter folder: where room for the entries (8 bytes each) is taken; made where it is missing.
    /// - Throws: `Failure` where nothing may be written there.
    public init(rows: Int, cols: Int, folder: String) throws {
        (self.rows, self.cols) = (rows, cols)
        starts = Buffer(count: rows + 1)
        try makeFolder(folder)
        indices = try NamelessFile(in: folder)
        values = try NamelessFile(in: folder)
    }

    public var nonZeros: Int { Int(starts[filled]) }
    public var hasValues: Bool { true }

    /// - Throws: `Failure(.outOfResources)` where the disk is full.
    public func append(_ block: CSRMatrix) throws {
        guard let scores = block.values else { preconditionFailure("a binary matrix is not spooled") }
        precondition(block.cols == cols && filled + block.rows <= rows, "rows of another matrix")
        let before = starts[filled]
        try indices.append(UnsafeRawBufferPointer(block.indices.bytes))
        try values.append(UnsafeRawBufferPointer(scores.bytes))
        for r in 0..<block.rows { starts[filled + r + 1] = before + block.starts[r + 1] }
        filled += block.rows
    }

    public func rowStarts() -> Buffer<Int64> {
        precondition(filled == rows, "\(rows - filled) rows are missing")
        return starts
    }

    public func block(_ range: Range<Int>) throws -> CSRMatrix {
        precondition(range.upperBound <= filled, "rows that are not there yet")
        let own = Buffer<Int64>(count: range.count + 1), first = starts[range.lowerBound]
        for r in 0...range.count { own[r] = starts[range.lowerBound + r] - first }
        let count = Int(own[range.count]), offset = Int(first)
        let ids = Buffer<Int32>(count: count), scores = Buffer<Float>(count: count)
        try indices.read(at: offset * MemoryLayout<Int32>.stride, into: ids.bytes)
        try values.read(at: offset * MemoryLayout<Float>.stride, into: scores.bytes)
        return CSRMatrix(rows: range.count, cols: cols, starts: own, indices: ids, values: scores)
    }
}

/// Room on the disk of a folder, without a name there.
private final class NamelessFile {
    private let folder: String
    private let descriptor: Int32

    init(in folder: String) throws {
        self.folder = folder
        let path = "\(folder)/.spool.\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw Failure.system(errno, "the file cannot be written", path) }
        unlink(path)
    }

    deinit { close(descriptor) }

    func append(_ bytes: UnsafeRawBufferPointer) throws { try writeAll(bytes, to: descriptor, folder) }

    func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let got = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, offset + done)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw Failure.system(got < 0 ? errno : EIO, "what was written cannot be read", folder) }
            done += got
        }
    }
}
