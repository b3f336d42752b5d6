import Formats
import Foundation
import Support

/// The lines of a UTF-8 text file with their numbers: LF or CRLF, with or without a last newline or a byte order mark; plain
/// or compressed by gzip, told from its first two bytes.
struct TextLines {
    let path: String
    private let content: Data
    /// Of a packed text, at a time.
    private static let unpackedBytes = 1 << 18

    /// - Throws: `Failure` where the file is missing, a folder, or not readable.
    init(path: String, expected: String) throws {
        self.path = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw Failure(
                .usage, isFolder.boolValue ? "this is a folder" : "the file is missing", at: path, expected: expected,
                advice: "check the path; it is taken from the folder in which the command runs")
        }
        do {
            content = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw Failure(
                .usage, "the file cannot be read", at: path, found: error.localizedDescription, expected: expected,
                advice: "check its permissions")
        }
    }

    /// Calls `body` with each line (without its end) and its number from 1. Blank lines at the end of the file are left out.
    ///
    /// - Throws: `Failure` naming the line that is not UTF-8, and what `body` throws.
    func readEach(_ body: (String, Int) throws -> Void) throws {
        if GzipText.recognises(content) { return try readEachUnpacked(body) }
        try content.withUnsafeBytes { raw in
            var bytes = raw.bindMemory(to: UInt8.self)[...]
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
            while let last = bytes.last, [0x0A, 0x0D, 0x20].contains(last) { bytes = bytes.dropLast() }
            var number = 0
            while !bytes.isEmpty {
                number += 1
                let end = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
                try body(try decode(bytes[..<end], number), number)
                bytes = end == bytes.endIndex ? bytes[end...] : bytes[(end + 1)...]
            }
        }
    }

    /// Blank lines are held back until another follows, since the end is not in sight.
    private func readEachUnpacked(_ body: (String, Int) throws -> Void) throws {
        var number = 0
        var blank = 0
        var text = try GzipText(MappedFile(path: path), chunkBytes: Self.unpackedBytes)
        try text.forEachLine { line in
            var line = line
            if number == 0, blank == 0, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
            guard line.contains(where: { $0 != 0x0D && $0 != 0x20 }) else {
                blank += 1
                return
            }
            while blank > 0 {
                blank -= 1
                number += 1
                try body("", number)
            }
            number += 1
            try body(try decode(line, number), number)
        }
    }

    private func decode(_ line: some BidirectionalCollection<UInt8>, _ number: Int) throws -> String {
        guard let text = String(validating: line.last == 0x0D ? line.dropLast() : line[...], as: UTF8.self) else {
            throw Failure(
                .usage, "the line is not UTF-8 text", at: "\(path):\(number)", expected: "UTF-8",
                advice: "convert the file, for example: iconv -f latin1 -t utf8 '\(path)'")
        }
        return text
    }
}
