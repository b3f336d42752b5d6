import Support

/// Predictions as XC text: a line `documents labels`, then for each document a line of `label:score` entries.
///
/// Unlike features and labels, a score may be negative or 0 and labels may stand in any order (best first, as other
/// programs write them); the header may be missing.
public enum PredictionText {
    /// Writes `scores`, labels ascending, each score as the shortest text that gives the same float again.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(_ scores: some RowBlocks, to path: String) throws {
        var file = try TextOutput(path: path)
        try file.write("\(scores.rows) \(scores.cols)\n")
        try scores.forEachBlock { block in
            for row in 0..<block.rows { try file.write(line(block, row)) }
        }
        try file.commit()
    }

    /// The line of one row, its end included.
    public static func line(_ scores: CSRMatrix, _ row: Int) -> String {
        XCText.entries(scores, row, one: "1.0") + "\n"
    }

    /// Reads a file of that form. Without a header there are as many labels as the largest id asks for.
    ///
    /// - Throws: `Failure` with line and column of what is no `label:score`, a score that is not finite, a label beyond the
    ///   header's or twice in its row, or with the number of rows where it is not the header's.
    public static func read(path: String) throws -> CSRMatrix { try read(MappedFile(path: path)) }

    package static func read(_ file: MappedFile) throws -> CSRMatrix {
        file.adviseSequential()
        guard file.count > 0 else {
            throw Failure(.usage, "the file is empty", at: file.path, expected: "a line `label:score …` for each document")
        }
        if let kind = ForeignKind(file.bytes) {
            throw kind.refusal(file.path, expected: "scores as .npz, HDF5, JSON lines, or a line `label:score …` a document")
        }
        var reader = PredictionTextReader(file: file)
        return try reader.matrix()
    }
}

private struct PredictionTextReader {
    let file: MappedFile
    private let bytes: UnsafeRawBufferPointer
    private var at = 0
    private var line = 1
    private var lineStart = 0
    private var header: (rows: Int, labels: Int)?
    private var rows = PredictionRows()

    init(file: MappedFile) {
        self.file = file
        bytes = file.bytes
        // A byte order mark, as Windows editors write.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    mutating func matrix() throws -> CSRMatrix {
        try takeHeader()
        while at < bytes.count { try takeRow() }
        guard let header else { return rows.matrix(rows: rows.rows, cols: rows.labels) }
        guard rows.rows == header.rows else {
            throw Failure(
                .usage, "the header's number of rows does not match the file", at: "\(file.path):1",
                found: "\(rows.rows) rows after the header", expected: "\(header.rows), as the header says",
                advice: rows.rows < header.rows ? "the file may be cut off: copy or write it again" : "correct the header")
        }
        return rows.matrix(rows: header.rows, cols: header.labels)
    }

    /// A first line of two whole numbers is a header; any other is a row.
    private mutating func takeHeader() throws {
        let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let words = bytes[at..<end].split(maxSplits: 8) { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        guard words.count == 2, words.allSatisfy({ $0.allSatisfy { (48...57).contains($0) } }) else { return }
        let counts = words.map { $0.count <= 10 ? $0.reduce(0) { $0 * 10 + Int($1 - 48) } : Int.max }
        guard counts[1] <= Int(Int32.max) else {
            throw Failure(
                .usage, "more labels than this program can count", at: "\(file.path):1", found: "\(counts[1])",
                expected: "at most \(Int32.max)", advice: "check the header")
        }
        header = (counts[0], counts[1])
        (at, line) = (min(end + 1, bytes.count), 2)
    }

    private mutating func takeRow() throws {
        lineStart = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") {
            if isSpace(bytes[at]) { at += 1 } else { try takeEntry() }
        }
        at += 1
        if let label = rows.endRow() {
            throw Failure(
                .usage, "a label appears twice in its row", at: "\(file.path):\(line)", found: "label \(label)",
                expected: "each label once",
                advice: "keep the entry that is meant")
        }
        line += 1
    }

    private mutating func takeEntry() throws {
        let start = at
        var end = at
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n"), !isSpace(bytes[end]) { end += 1 }
        var colon = at
        var label = 0
        while colon < end, (48...57).contains(bytes[colon]), colon - start < 10 {
            label = label * 10 + Int(bytes[colon] - 48)
            colon += 1
        }
        guard colon > start, colon < end, bytes[colon] == UInt8(ascii: ":") else {
            throw refused(start, end, "not an entry", expected: "`label:score`, separated by spaces")
        }
        guard label < header?.labels ?? Int(Int32.max) else {
            throw refused(start, end, "label out of range", expected: "a label below \(header?.labels ?? Int(Int32.max))")
        }
        guard let score = decimalNumber(UnsafeRawBufferPointer(rebasing: bytes[colon + 1..<end])) else {
            throw refused(start, end, "not a score", expected: "a finite number after `label:`")
        }
        rows.add(label: label, score: score)
        at = end
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    private func refused(_ start: Int, _ end: Int, _ problem: String, expected: String) -> Failure {
        Failure(
            .usage, problem, at: "\(file.path):\(line):\(start - lineStart + 1)", found: quoted(bytes[start..<end]),
            expected: expected, advice: "correct the line, or write the file again")
    }
}
