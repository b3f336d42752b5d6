import Support

/// Predictions as JSON lines, for people and other programs: one object a document, labels best first.
///
///     {"document":0,"labels":[{"id":17,"name":"animal","score":0.93},…]}
public enum PredictionLines {
    /// Writes a line a document; documents without predictions have an empty list. Ties: the smaller id first.
    ///
    /// - Parameter names: of the labels; a label without one has no `name`.
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(_ scores: some RowBlocks, names: [String], to path: String) throws {
        let lines = Lines(names: names)
        var file = try TextOutput(path: path)
        var document = 0
        try scores.forEachBlock { block in
            for row in 0..<block.rows { try file.write(lines.line(block, row, document: document + row)) }
            document += block.rows
        }
        try file.commit()
    }

    /// Makes the lines, one at a time.
    public struct Lines: Sendable {
        /// A name stands in many lines, and is escaped once.
        private let members: [String]

        /// - Parameter names: of the labels; a label without one has no `name`.
        public init(names: [String]) {
            members = names.map { $0.isEmpty ? "" : "\"name\":\(JSONValue.quoted($0))," }
        }

        /// The line of one row, its end included.
        ///
        /// - Parameter document: the number by which it goes.
        public func line(_ scores: CSRMatrix, _ row: Int, document: Int) -> String {
            var line = "{\"document\":\(document),\"labels\":["
            for (i, entry) in Self.ranked(scores, row).enumerated() {
                let name = Int(entry.label) < members.count ? members[Int(entry.label)] : ""
                line += "\(i > 0 ? "," : ""){\"id\":\(entry.label),\(name)\"score\":\(entry.score)}"
            }
            return line + "]}\n"
        }

        private static func ranked(_ scores: CSRMatrix, _ row: Int) -> [(label: Int32, score: Float)] {
            let entries = scores.range(row).map { (label: scores.indices[$0], score: scores.values?[$0] ?? 1) }
            return entries.sorted { a, b in a.score == b.score ? a.label < b.label : a.score > b.score }
        }
    }

    /// Reads such lines, in any order; other members of the objects are skipped.
    ///
    /// - Parameter documents: rows of the result, where they are known; else one more than the largest document's number.
    /// - Throws: `Failure` with line and column of what is no such line, of a label without `id` or `score`, of a document or
    ///   a label that stands twice.
    public static func read(path: String, documents: Int? = nil) throws -> CSRMatrix {
        try read(MappedFile(path: path), documents: documents)
    }

    package static func read(_ file: MappedFile, documents: Int? = nil) throws -> CSRMatrix {
        file.adviseSequential()
        var reader = PredictionLinesReader(file: file)
        return try reader.matrix(documents: documents)
    }
}

private struct PredictionLinesReader {
    let file: MappedFile
    private var rows = PredictionRows()
    /// The document of each line, and the line.
    private var documents: [Int] = []
    private var lines: [Int] = []

    init(file: MappedFile) { self.file = file }

    mutating func matrix(documents wanted: Int?) throws -> CSRMatrix {
        let head = String(decoding: file.prefix(64), as: UTF8.self).drop { $0 == "\u{FEFF}" }
        if let line = head.split(whereSeparator: \.isNewline).first {
            try WholeJSON.refuse(
                firstLine: line, at: "\(file.path):1", expected: "{\"document\": 0, \"labels\": [{\"id\": 1, \"score\": 0.5}]}")
        }
        var scanner = JSONScanner(linesOf: file)
        while scanner.nextLine() { try takeDocument(&scanner) }
        // A number alone must not ask for any amount of memory.
        let most = wanted ?? 1 << 20 + 64 * file.count
        var count = wanted ?? 0
        for (document, line) in zip(documents, lines) {
            guard document < most else {
                throw Failure(
                    .usage, "document out of range", at: "\(file.path):\(line)", found: "document \(document)",
                    expected: most > 0 ? "0…\(most - 1)" : "none", advice: "check that the predictions belong to the labels")
            }
            count = max(count, document + 1)
        }
        try checkOnce()
        return rows.matrix(rows: count, cols: rows.labels, places: documents)
    }

    private func checkOnce() throws {
        let order = documents.indices.sorted { (documents[$0], $0) < (documents[$1], $1) }
        for (a, b) in zip(order, order.dropFirst()) where documents[a] == documents[b] {
            throw Failure(
                .usage, "a document appears twice", at: "\(file.path):\(lines[b])", found: "document \(documents[b])",
                expected: "one line a document (the first is line \(lines[a]))", advice: "keep one of the two lines")
        }
    }

    private mutating func takeDocument(_ scanner: inout JSONScanner) throws {
        let line = scanner.line
        var document: Int?
        var hasLabels = false
        try scanner.object { name, scanner in
            switch name {
            case "document" where document != nil, "labels" where hasLabels: throw scanner.repeated(name)
            case "document": document = try scanner.wholeNumber()
            case "labels":
                hasLabels = true
                try scanner.array { try takeLabel(&$0) }
            default: try scanner.skipValue()
            }
        }
        try scanner.endOfLine()
        guard let document, hasLabels else { throw scanner.refused("an object with \"document\" and \"labels\"") }
        documents.append(document)
        lines.append(line)
        if let label = rows.endRow() {
            throw Failure(
                .usage, "a label appears twice in its document", at: "\(file.path):\(line)", found: "label \(label)",
                expected: "each label once", advice: "keep the entry that is meant")
        }
    }

    private mutating func takeLabel(_ scanner: inout JSONScanner) throws {
        var id: Int?
        var value: Float?
        try scanner.object { name, scanner in
            switch name {
            case "id" where id != nil, "score" where value != nil: throw scanner.repeated(name)
            case "id": id = try scanner.wholeNumber()
            case "score": value = try scanner.float()
            default: try scanner.skipValue()
            }
        }
        guard let id, let value else { throw scanner.refused("a label with \"id\" and \"score\"") }
        guard id < Int(Int32.max) else { throw scanner.refused("a label's id below \(Int32.max)") }
        rows.add(label: id, score: value)
    }
}
