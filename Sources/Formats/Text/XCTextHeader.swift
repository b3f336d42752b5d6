import Support

/// The first line of an XC text file, `rows cols`, or of the old one-file form, `rows features labels`.
struct XCTextHeader {
    let rows: Int
    /// Features in the one-file form.
    let cols: Int
    /// Of the one-file form only.
    let labels: Int?
    /// Byte where the first row starts.
    let bodyStart: Int

    private static let advice = "the first line must hold the numbers of rows and columns, as in `15539 5000`"

    /// - Throws: `Failure` at line 1 where the line holds anything but two counts (or three: the one-file form).
    init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
        guard !bytes.isEmpty else {
            throw Failure(.usage, "the file is empty", at: path, expected: "`rows cols`, then a line a row", advice: Self.advice)
        }
        // Windows editors write a byte order mark: it is skipped.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        bodyStart = min(end + 1, bytes.count)
        var line = bytes[start..<end]
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        let words = line.prefix(4096).split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let counts = words.map(Self.count)
        guard counts.count == 2 || counts.count == 3, let rows = counts[0], let cols = counts[1],
            let last = counts[counts.count - 1]
        else { throw Self.noHeader(line, path: path) }
        guard max(cols, last) <= Int(Int32.max) else {
            throw Failure(
                .usage, "more columns than this program can count", at: "\(path):1", found: "\(max(cols, last)) columns",
                expected: "at most \(Int32.max)", advice: "check the header")
        }
        guard rows <= Int(Int32.max) else {
            throw Failure(
                .usage, "more rows than this program can count", at: "\(path):1", found: "\(rows) rows",
                expected: "at most \(Int32.max)", advice: "check the header, or cut the file into parts")
        }
        self.rows = rows
        self.cols = cols
        labels = counts.count == 3 ? last : nil
    }

    /// A non-negative decimal number of at most 18 digits.
    private static func count(_ word: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard word.count <= 18, word.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return word.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func noHeader(_ line: Slice<UnsafeRawBufferPointer>, path: String) -> Failure {
        // Of a form that needs its second line to be told, more than this line is looked at.
        let kind = ForeignKind(line.base[line.startIndex...])
        return Failure(
            .usage, "no header", at: "\(path):1", found: line.isEmpty ? "an empty line" : kind?.name ?? quoted(line),
            expected: "two whole numbers: rows cols", advice: kind?.advice ?? rowAdvice(line))
    }

    /// For a first line that is a row already, of one of the two forms.
    private static func rowAdvice(_ line: Slice<UnsafeRawBufferPointer>) -> String {
        guard line.contains(UInt8(ascii: ":")) else {
            return line.first == UInt8(ascii: "#")
                ? "remove the lines that begin with #; before the rows must stand `rows cols`, or `rows features labels` where a "
                    + "row begins with its labels" : advice
        }
        let first = line.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        if first.contains(UInt8(ascii: ":")) { return "the first line looks like a row: put a line `rows cols` before it" }
        return "the first line looks like a row of labels and features (svmlight, the old one-file form): put a line "
            + "`rows features labels` before it, such as `15511 5000 3993`; both count from 0"
    }
}
