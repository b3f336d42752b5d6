import Formats
import Foundation
import Support

/// Raw text, one document a line, from a file or a stream: lines are returned as soon as they arrive.
final class LineSource: DocumentSource {
    let path: String
    let count: Int?
    private let descriptor: Int32
    private var form: TextForm?
    /// What was read and not returned yet, from `start` on.
    private var waiting: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var isAtBeginning = true
    private var given = 0
    private static let newline = UInt8(ascii: "\n"), pieceBytes = 1 << 20

    /// - Parameters:
    ///   - path: a file; `-`: standard input.
    ///   - form: of all lines; nil: the first line tells.
    /// - Throws: `Failure` where it is missing, a folder or packed.
    init(path: String, form: TextForm? = nil) throws {
        self.path = path == "-" ? "standard input" : path
        self.form = form
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(
                .usage, "the text cannot be read", at: path, found: String(cString: strerror(errno)),
                expected: "a text file, one document a line; - is standard input", advice: "check the path")
        }
        var status = stat()
        fstat(descriptor, &status)
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw Failure(
                .usage, "this is a folder", at: path, expected: "a text file, one document a line", advice: "check the path")
        }
        count = status.st_mode & S_IFMT == S_IFREG && path != "-" ? try Self.lines(path) : nil
    }

    deinit { if descriptor > 0 { close(descriptor) } }

    private static func lines(_ path: String) throws -> Int {
        var content = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        let ends = content.withUnsafeBytes { bytes in bytes.count { $0 == newline } }
        return ends + (content.last.map { $0 != newline } ?? false ? 1 : 0)
    }

    /// There is a whole line, or the end, or something to read.
    var isReady: Bool { isAtEnd || waiting[start...].contains(Self.newline) || canRead }

    private var canRead: Bool {
        var wish = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wish, 1, 0) > 0
    }

    /// Waits for at least one line, then returns what is available.
    func next(_ limit: Int) throws -> DocumentChunk? {
        var lines = 0, end = start
        while true {
            while lines < limit, let at = waiting[end...].firstIndex(of: Self.newline) {
                lines += 1
                end = at + 1
            }
            if lines == limit || isAtEnd || lines > 0 && !canRead { break }
            waiting.removeFirst(start)
            (end, start) = (end - start, 0)
            try readMore()
        }
        if isAtEnd, lines < limit, end < waiting.count {
            lines += 1
            end = waiting.count
        }
        guard lines > 0 else { return nil }
        let bytes = Array(waiting[start..<end])
        start = end
        defer { given += lines }
        return DocumentChunk(first: given, documents: lines, content: .lines(bytes, form: try form(bytes)))
    }

    private func readMore() throws {
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        var length = read(descriptor, &piece, piece.count)
        while length < 0, errno == EINTR || errno == EAGAIN {
            // A pipe that others have set not to block: wait until there is more.
            var wish = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if errno == EAGAIN { poll(&wish, 1, -1) }
            length = read(descriptor, &piece, piece.count)
        }
        guard length >= 0 else {
            let isClosed = errno == EBADF
            throw Failure(
                isClosed ? .usage : .outOfResources, "the text cannot be read", at: path,
                found: isClosed ? "it is closed" : String(cString: strerror(errno)))
        }
        isAtEnd = length == 0
        waiting += piece[..<length]
        if isAtBeginning { try checkBeginning() }
    }

    private func checkBeginning() throws {
        if waiting.starts(with: [0x1F, 0x8B]) {
            throw Failure(
                .usage, "the text is packed by gzip", at: path, expected: "plain text",
                advice: "unpack it on the way: gunzip -c FILE | deepxml-dist predict … --text -")
        }
        // A stream may give its first bytes one by one.
        if !isAtEnd, waiting.count < 4, !waiting.contains(Self.newline) { return }
        try ForeignKind.refuseBinary(waiting, at: path, expected: "UTF-8 text, one document a line")
        isAtBeginning = false
        if waiting.starts(with: [0xEF, 0xBB, 0xBF]) { waiting.removeFirst(3) }
    }

    /// An object of whatever keys, even a damaged one, is no text: its keys would be read as words. A label may begin with a brace, too,
    /// but then a tab follows, and it parses as no JSON.
    private static func isObject(_ line: ArraySlice<UInt8>) -> Bool {
        let text = line.drop { $0 <= 0x20 }, inside = text.dropFirst().drop { $0 <= 0x20 }
        guard text.first == UInt8(ascii: "{"), inside.first == UInt8(ascii: "\"") else { return false }
        return !line.contains(UInt8(ascii: "\t")) || (try? JSONValue.parse(Array(line), name: "")) != nil
    }

    /// The first non-empty line decides for all: a JSON object, or anything else.
    ///
    /// - Throws: `Failure` where the text is one JSON document over its lines.
    private func form(_ bytes: [UInt8]) throws -> TextForm {
        if let form { return form }
        for line in bytes.split(separator: Self.newline) where !line.allSatisfy({ $0 <= 0x20 }) {
            try WholeJSON.refuse(
                firstLine: String(decoding: line, as: UTF8.self), at: "\(path):\(given + 1)",
                expected: "one document a line: the text, or a JSON object with \"text\"")
            form = Self.isObject(line) ? .json : .plain
            break
        }
        return form ?? .plain
    }
}
