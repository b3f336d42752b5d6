import Support

/// Names of columns, one a line: `labels.txt`, `vocabulary.txt`, or the repository's `Y.txt`, `Yf.txt`, `Xf.txt`.
public enum NameFile {
    public enum Kind: Sendable {
        case labels, features
        /// By preference.
        var fileNames: [String] {
            switch self {
            case .labels: ["labels.txt", "Y.txt", "Yf.txt", "labels.txt.gz", "Y.txt.gz"]
            case .features: ["vocabulary.txt", "Xf.txt", "vocabulary.txt.gz", "Xf.txt.gz"]
            }
        }
    }

    /// The file of names in a data set's folder; nil where it has none.
    public static func find(in folder: String, _ kind: Kind) -> String? {
        kind.fileNames.map { "\(folder)/\($0)" }.first(where: isFile)
    }

    /// Lines of a plain file, blank ones at its end left out.
    ///
    /// - Throws: `Failure` where the file is missing or no file.
    public static func lineCount(path: String) throws -> Int {
        var (count, blank) = (0, 0)
        try MappedFile(path: path).forEachLine { line, _ in
            blank += 1
            if line.contains(where: { $0 != 0x20 && $0 != 0x0D }) { (count, blank) = (count + blank, 0) }
        }
        return count
    }

    /// The path of a plain file that has a line for each of so many rows or columns; nil where there is none, or one of other data.
    ///
    /// - Parameter otherwise: is told how many lines a file of another number has.
    public static func fitting(_ path: String, lines count: Int, otherwise: (Int) -> Void = { _ in }) -> String? {
        guard isFile(path), let lines = try? lineCount(path: path) else { return nil }
        if lines == count { return path }
        otherwise(lines)
        return nil
    }

    /// The names, by column; plain or gzip. Bytes that are no UTF-8 become U+FFFD (some of the repository's files are latin-1).
    ///
    /// - Parameter count: the columns that there are; nil where it isn't known.
    /// - Throws: `Failure` where the file is missing or damaged, or has another number of lines.
    public static func read(path: String, count: Int? = nil) throws -> [String] {
        try read(MappedFile(path: path), count: count)
    }

    /// - Parameter chunkBytes: packed text that is unpacked at a time; tests make it small.
    package static func read(_ file: MappedFile, count: Int? = nil, chunkBytes: Int = 16 << 20) throws -> [String] {
        var names: [String] = []
        var source: any TextSource =
            GzipText.recognises(file.bytes) ? try GzipText(file, chunkBytes: chunkBytes) : WholeText(file)
        if !(source is GzipText) { try ForeignKind.refuseBinary(file.bytes, at: file.path, expected: "a text, one name a line") }
        try source.forEachLine { line in
            var line = line
            if names.isEmpty, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            names.append(String(decoding: line, as: UTF8.self))
        }
        // An empty line at the end of the file names nothing.
        if let count, names.count == count + 1, names.last?.isEmpty == true { names.removeLast() }
        guard count == nil || names.count == count else {
            throw Failure(
                .usage, "the number of names does not match the columns", at: file.path, found: "\(names.count) lines",
                expected: "\(count ?? 0)",
                advice: "check that the file belongs to this version of the data set")
        }
        return names
    }
}
