import Foundation
import Support

/// The lines of a UTF-8 text file with their numbers: LF or CRLF, with or without a last newline or a byte order mark; plain or
/// compressed by gzip, told from its first two bytes.
package struct TextLines {
    package let path: String
    private let file: MappedFile
    /// Of a packed text, at a time.
    private static let unpackedBytes = 1 << 18

    /// - Parameter expected: what the file should hold, for messages.
    /// - Throws: `Failure` where the file is missing, a folder, or not readable.
    package init(path: String, expected: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path), !isFolder(path) else {
            throw Failure(
                .usage, isFolder(path) ? "this is a folder" : "the file is missing", at: path, expected: expected,
                advice: "check the path; it is relative to the folder in which the command runs")
        }
        if isFile(path) {
            file = try MappedFile(path: path)
            try checkKind(expected)
            return
        }
        // A pipe can be read once, and not be mapped.
        do {
            // Data(contentsOf:) asks for a file's size first, and refuses a pipe.
            let pipe = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            file = (try pipe.readToEnd() ?? Data()).withUnsafeBytes { MappedFile(path: path, content: $0) }
        } catch {
            throw Failure(
                .usage, "the file cannot be read", at: path, found: error.localizedDescription, expected: expected,
                advice: "check its permissions")
        }
        try checkKind(expected)
    }

    /// - Throws: `Failure` where the content is of a kind that is no text.
    package init(_ file: MappedFile, expected: String) throws {
        (path, self.file) = (file.path, file)
        try checkKind(expected)
    }

    private func checkKind(_ expected: String) throws {
        if GzipText.recognises(file.bytes) { return }
        try ForeignKind.refuseBinary(file.bytes, at: path, expected: expected)
    }

    /// All lines of the file; none where it is missing or not UTF-8.
    package static func all(in path: String) -> [String] {
        var lines: [String] = []
        do { try TextLines(path: path, expected: "").forEach { line, _ in lines.append(line) } } catch { return [] }
        return lines
    }

    /// Some lines of the file by their numbers from 0; none where it is missing or not UTF-8.
    package static func some(_ numbers: Set<Int>, in path: String) -> [Int: String] {
        var lines: [Int: String] = [:]
        do {
            try TextLines(path: path, expected: "").forEach { line, number in
                if numbers.contains(number - 1) { lines[number - 1] = line }
            }
        } catch { return [:] }
        return lines
    }

    /// Calls `body` with each line (without its end) and its number from 1. Blank lines at the end of the file are left out.
    ///
    /// - Throws: `Failure` naming the line that is not UTF-8, and what `body` throws.
    package func forEach(_ body: (String, Int) throws -> Void) throws {
        var text: any TextSource =
            GzipText.recognises(file.bytes) ? try GzipText(file, chunkBytes: Self.unpackedBytes) : WholeText(file)
        var number = 0
        // Blank lines are held back until another follows, since the end is not in sight.
        var blank: [String] = []
        try text.forEachLine { bytes in
            let isFirst = number == 0 && blank.isEmpty
            let line = try decoded(
                isFirst && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes, number + blank.count + 1)
            guard line.utf8.contains(where: { $0 != 0x20 }) else {
                blank.append(line)
                return
            }
            for line in blank + [line] {
                number += 1
                try body(line, number)
            }
            blank = []
        }
    }

    private func decoded(_ line: Slice<UnsafeRawBufferPointer>, _ number: Int) throws -> String {
        guard let text = String(validating: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self) else {
            throw Failure(
                .usage, "the line is not UTF-8 text", at: "\(path):\(number)", expected: "UTF-8",
                advice: "convert the file, for example: iconv -f latin1 -t utf8 '\(path)'")
        }
        return text
    }
}
