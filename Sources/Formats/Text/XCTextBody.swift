import CText
import Support

/// Rows of a text file, cut at line ends into pieces that threads count and parse by themselves.
struct XCTextBody {
    /// A run of whole lines, and where its rows and entries go.
    private struct Piece {
        var start: Int
        var end: Int
        var firstRow = 0
        var rows = 0
        var firstEntry = 0
        var capacity = 0
    }

    struct Parsed {
        let starts: Buffer<Int64>
        let indices: Buffer<Int32>
        let values: Buffer<Float>?
        let error: XCTextError?
    }

    private let chunk: TextChunk
    private let rule: TextRule
    /// The last line with a line feed added, where it has none: the parser stops at line feeds only.
    private let tail: [UInt8]
    private var pieces: [Piece] = []
    private(set) var rows = 0
    private var entries = 0

    init(_ chunk: TextChunk, start: Int, pieceBytes: Int, rule: TextRule) {
        self.chunk = chunk
        self.rule = rule
        let bytes = chunk.bytes
        let feed = UInt8(ascii: "\n")
        let lastLine = bytes[start...].lastIndex(of: feed).map { $0 + 1 } ?? start
        tail = lastLine < bytes.count ? bytes[lastLine...] + [feed] : []
        var from = start
        while from < lastLine {
            let wanted = min(from + max(pieceBytes, 1), lastLine)
            let to = (bytes[(wanted - 1)..<lastLine].firstIndex(of: feed) ?? lastLine - 1) + 1
            pieces.append(Piece(start: from, end: to))
            from = to
        }
        if !tail.isEmpty { pieces.append(Piece(start: lastLine, end: lastLine + tail.count)) }
    }

    var lastLineIsEmpty: Bool {
        tail.isEmpty
            ? chunk.bytes.suffix(2).elementsEqual([10, 10]) || chunk.bytes.suffix(3).elementsEqual([10, 13, 10])
            : tail == [13, 10]
    }

    private func withText<R>(_ index: Int, _ body: (UnsafePointer<CChar>, Int) -> R) -> R {
        let piece = pieces[index]
        if index == pieces.count - 1, !tail.isEmpty {
            return tail.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self), tail.count) }
        }
        let base = chunk.bytes.baseAddress!.assumingMemoryBound(to: CChar.self)
        return body(base + piece.start, piece.end - piece.start)
    }

    /// Counts rows and entries, and gives each piece its place in the result.
    mutating func count(_ team: ThreadTeam) {
        let newlines = Buffer<Int>(count: pieces.count)
        let separators = Buffer<Int>(count: pieces.count)
        let body = self
        team.forEach(pieces.count) { i in
            body.withText(i) { ct_text_count($0, $1, body.rule.separator, newlines.pointer + i, separators.pointer + i) }
        }
        for i in pieces.indices {
            pieces[i].firstRow = rows
            pieces[i].firstEntry = entries
            pieces[i].rows = newlines[i]
            pieces[i].capacity =
                rule.isLabelList
                ? separators[i] + newlines[i] : min(separators[i], (pieces[i].end - pieces[i].start + 1) / 4)
            rows += pieces[i].rows
            entries += pieces[i].capacity
        }
    }

    /// Parses all pieces. The error, if any, is the first in the file.
    ///
    /// - Parameters:
    ///   - firstLine: number of the line that the first row is.
    ///   - progress: counts bytes.
    func parse(firstLine: Int, _ team: ThreadTeam, _ progress: ProgressStage) -> Parsed {
        let starts = Buffer<Int64>(count: rows + 1)
        let indices = Buffer<Int32>(count: entries)
        let values = rule.keepsValues ? Buffer<Float>(count: entries) : nil
        let results = Buffer<ct_text_result>(count: pieces.count)
        team.forEach(pieces.count) { i in
            let piece = pieces[i]
            withText(i) { text, length in
                ct_text_parse(
                    text, length, rule.cols, rule.flags, indices.pointer + piece.firstEntry,
                    values.map { $0.pointer + piece.firstEntry }, starts.pointer + piece.firstRow + 1, results.pointer + i)
                progress.advance(by: length)
            }
        }
        let error = pieces.indices.first { results[$0].error != 0 }.map { self.error(in: $0, results[$0], firstLine) }
        guard error == nil else { return Parsed(starts: starts, indices: indices, values: values, error: error) }
        let kept = closeGaps(results.array, starts, indices, values)
        return Parsed(starts: starts, indices: indices.prefix(kept), values: values?.prefix(kept), error: nil)
    }

    /// Makes row ends count from the file's start, and moves entries over the places of those of value 0.
    private func closeGaps(
        _ results: [ct_text_result], _ starts: Buffer<Int64>, _ indices: Buffer<Int32>, _ values: Buffer<Float>?
    ) -> Int {
        var kept = 0
        for (piece, result) in zip(pieces, results) {
            let count = result.entries
            for r in piece.firstRow + 1..<piece.firstRow + piece.rows + 1 { starts.pointer[r] += Int64(kept) }
            if kept != piece.firstEntry {
                (indices.pointer + kept).update(from: indices.pointer + piece.firstEntry, count: count)
                values.map { ($0.pointer + kept).update(from: $0.pointer + piece.firstEntry, count: count) }
            }
            kept += count
        }
        return kept
    }

    private func error(in index: Int, _ result: ct_text_result, _ firstLine: Int) -> XCTextError {
        let rest = withText(index) { text, length in
            (result.error_at..<min(length, result.error_at + 600)).map { UInt8(bitPattern: text[$0]) }
        }
        return XCTextError(
            code: result.error, line: firstLine + pieces[index].firstRow + result.rows,
            column: 1 + result.error_at - result.line_start, rest: Array(rest.prefix { $0 != UInt8(ascii: "\n") }))
    }
}
