import CText
import Support

/// A matrix in one of the text forms, XC text or the old one-file form, plain or packed, on its way from a file to memory.
struct TextMatrix {
    private var source: any TextSource
    private let kind: MatrixFile.Kind
    private let pieceBytes: Int
    /// Number of the line after the header.
    private let firstLine: Int
    private let first: TextChunk
    let header: XCTextHeader

    /// - Throws: `Failure` where the first line is no header.
    init(_ source: some TextSource, kind: MatrixFile.Kind, pieceBytes: Int = 1 << 20, firstLine: Int = 2) throws {
        self.source = source
        self.firstLine = firstLine
        self.kind = kind
        self.pieceBytes = pieceBytes
        first = try self.source.next() ?? TextChunk(bytes: UnsafeRawBufferPointer(start: nil, count: 0), owner: nil, isLast: true)
        header = try XCTextHeader(first.bytes, path: source.path)
    }

    /// Parses all rows.
    ///
    /// - Parameter progress: counts bytes of text.
    /// - Throws: `Failure` for the first refused place, or where the header's number of rows does not match the file.
    consuming func read(_ team: ThreadTeam, _ progress: ProgressStage) throws -> CSRMatrix {
        let rule = TextRule(kind: kind, header: header)
        var parts = RowParts(cols: rule.cols)
        var chunk = first
        var start = header.bodyStart
        while true {
            var body = XCTextBody(chunk, start: start, pieceBytes: pieceBytes, rule: rule)
            body.count(team)
            if chunk.isLast || parts.rows + body.rows > header.rows { try checkRows(parts.rows, body) }
            let parsed = body.parse(firstLine: firstLine + parts.rows, team, progress)
            if let error = parsed.error { throw error.failure(path: source.path, cols: rule.cols) }
            parts.append(parsed)
            guard !chunk.isLast, let next = try source.next() else { break }
            chunk = next
            start = 0
        }
        let matrix = parts.joined()
        return rule.isLabelList ? matrix.withSetsAsRows() : matrix
    }

    private func checkRows(_ before: Int, _ body: XCTextBody) throws {
        let rows = before + body.rows
        guard rows != header.rows else { return }
        var advice = "correct the header, or find the rows that are missing or too many"
        if rows < header.rows {
            advice = "the file may be cut off (copy it again), or else correct the header"
        } else if rows == header.rows + 1, body.lastLineIsEmpty {
            advice = "delete the empty line at the end of the file"
        }
        throw Failure(
            .usage, "the header's number of rows does not match the file", at: "\(source.path):1",
            found: "\(rows) rows after the header", expected: "\(header.rows), as the header says", advice: advice)
    }
}

/// How the rows of one file are read.
struct TextRule {
    let flags: Int32
    let cols: Int
    let keepsValues: Bool
    /// The labels of the one-file form: any order, repeats.
    let isLabelList: Bool
    /// Each entry has one, or nearly.
    var separator: CChar { CChar(bitPattern: isLabelList ? UInt8(ascii: ",") : UInt8(ascii: ":")) }

    init(kind: MatrixFile.Kind, header: XCTextHeader) {
        var flags = 0
        if kind == .values || kind == .dense { flags |= CT_ANY_SIGN }
        if kind == .sequences { flags |= CT_ANY_ORDER }
        isLabelList = header.labels != nil && kind == .labels
        if header.labels != nil { flags |= CT_ONE_FILE | (isLabelList ? CT_LABELS_ONLY : 0) }
        self.flags = Int32(flags)
        cols = isLabelList ? header.labels ?? 0 : header.cols
        keepsValues = kind != .labels
    }
}

/// Rows that were read piece by piece.
private struct RowParts {
    let cols: Int
    private(set) var rows = 0
    private var parts: [XCTextBody.Parsed] = []

    init(cols: Int) { self.cols = cols }

    mutating func append(_ part: XCTextBody.Parsed) {
        parts.append(part)
        rows += part.starts.count - 1
    }

    consuming func joined() -> CSRMatrix {
        if parts.count == 1 {
            return CSRMatrix(rows: rows, cols: cols, starts: parts[0].starts, indices: parts[0].indices, values: parts[0].values)
        }
        let entries = parts.reduce(0) { $0 + $1.indices.count }
        let starts = Buffer<Int64>(count: rows + 1)
        let indices = Buffer<Int32>(count: entries)
        let values = parts.contains { $0.values != nil } ? Buffer<Float>(count: entries) : nil
        var (row, entry) = (0, 0)
        for part in parts {
            (indices.pointer + entry).update(from: part.indices.pointer, count: part.indices.count)
            if let values, let own = part.values { (values.pointer + entry).update(from: own.pointer, count: own.count) }
            for r in 1..<part.starts.count { starts.pointer[row + r] = part.starts[r] + Int64(entry) }
            row += part.starts.count - 1
            entry += part.indices.count
        }
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: values)
    }
}

extension CSRMatrix {
    /// A binary matrix whose rows list their columns in any order, perhaps repeated: each once, ascending.
    func withSetsAsRows() -> CSRMatrix {
        let newStarts = Buffer<Int64>(count: rows + 1)
        var kept = 0
        for r in 0..<rows {
            var last: Int32 = -1
            for column in columns(r).ascends ? Array(columns(r)) : columns(r).sorted() where column != last {
                indices[kept] = column
                last = column
                kept += 1
            }
            newStarts[r + 1] = Int64(kept)
        }
        return CSRMatrix(rows: rows, cols: cols, starts: newStarts, indices: indices.prefix(kept), values: nil)
    }
}

extension BufferSlice<Int32> {
    /// Each element is larger than the one before.
    var ascends: Bool {
        var last = Int32.min
        for (i, element) in enumerated() {
            if i > 0, element <= last { return false }
            last = element
        }
        return true
    }
}
