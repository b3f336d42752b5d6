/// A sparse matrix that is read by blocks of rows, wherever it lies: in memory, or in a file that is larger than memory.
public protocol RowBlocks {
    var rows: Int { get }
    var cols: Int { get }
    /// Stored entries.
    var nonZeros: Int { get }
    /// False for a binary matrix: every stored entry is 1.
    var hasValues: Bool { get }
    /// rows + 1 offsets: row r has the entries `starts[r] ..< starts[r + 1]`.
    func rowStarts() throws -> Buffer<Int64>
    /// Some neighbouring rows as a matrix of their own, numbered from 0.
    func block(_ rows: Range<Int>) throws -> CSRMatrix
}

/// Takes the rows of a matrix in their order, block after block.
public protocol RowSink: AnyObject {
    func append(_ block: CSRMatrix) throws
}

/// The blocks in which matrices are gone through where they need not fit in memory.
public enum RowBlock {
    /// A multiple of the 1,024 rows whose metrics are summed first (`MetricAccumulator`).
    public static let rows = 4096

    /// The blocks of a matrix of so many rows, in their order.
    public static func ranges(_ count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: rows).map { $0..<min($0 + rows, count) }
    }
}

extension RowBlocks {
    /// Calls `body` with each block of `RowBlock.rows` rows, in their order.
    public func forEachBlock(_ body: (CSRMatrix) throws -> Void) throws {
        for range in RowBlock.ranges(rows) { try body(block(range)) }
    }
}

extension CSRMatrix: RowBlocks {
    public var hasValues: Bool { values != nil }

    public func rowStarts() -> Buffer<Int64> { starts }

    /// Views of the entries; offsets of its own.
    public func block(_ rows: Range<Int>) -> CSRMatrix {
        if rows == 0..<self.rows { return self }
        let first = starts[rows.lowerBound], entries = Int(first)..<Int(starts[rows.upperBound])
        let own = Buffer<Int64>(count: rows.count + 1)
        for r in 0...rows.count { own[r] = starts[rows.lowerBound + r] - first }
        return CSRMatrix(
            rows: rows.count, cols: cols, starts: own, indices: indices.view(entries), values: values?.view(entries))
    }

    /// Matrices with values, one below the other.
    public convenience init(joining blocks: [CSRMatrix], cols: Int) {
        let rows = blocks.reduce(0) { $0 + $1.rows }, entries = blocks.reduce(0) { $0 + $1.nonZeros }
        let starts = Buffer<Int64>(count: rows + 1), indices = Buffer<Int32>(count: entries),
            values = Buffer<Float>(count: entries)
        var row = 0, at = 0
        for block in blocks {
            for r in 0..<block.rows { starts[row + r + 1] = Int64(at) + block.starts[r + 1] }
            indices[at..<at + block.nonZeros].update(from: block.indices.all)
            if let from = block.values { values[at..<at + block.nonZeros].update(from: from.all) }
            row += block.rows
            at += block.nonZeros
        }
        self.init(rows: rows, cols: cols, starts: starts, indices: indices, values: values)
    }
}

/// Rows that stay in memory.
public final class CollectedRows: RowSink {
    private var blocks: [CSRMatrix] = []

    public init() {}

    public func append(_ block: CSRMatrix) { blocks.append(block) }

    /// All of them, as a matrix of so many columns.
    public func matrix(cols: Int) -> CSRMatrix {
        blocks.count == 1 ? blocks[0] : CSRMatrix(joining: blocks, cols: cols)
    }
}
