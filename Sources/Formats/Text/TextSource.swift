/// Whole lines of a text; only the last one may lack its line feed. Nobody writes to them, so that threads may share them.
package struct TextChunk: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    /// Keeps `bytes` alive.
    let owner: AnyObject?
    let isLast: Bool
}

/// A text that comes in runs of whole lines.
package protocol TextSource {
    var path: String { get }
    /// Nil after the last chunk.
    mutating func next() throws -> TextChunk?
}

extension TextSource {
    /// Calls `body` with the bytes of each line, without its LF. A last line without LF counts; an empty one does not.
    ///
    /// - Throws: what `next` and `body` throw.
    package mutating func forEachLine(_ body: (Slice<UnsafeRawBufferPointer>) throws -> Void) throws {
        while let chunk = try next() {
            var rest = chunk.bytes[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                try body(rest[..<end])
                rest = rest[(end + 1)...]
            }
            if !rest.isEmpty { try body(rest) }
            withExtendedLifetime(chunk.owner) {}
        }
    }
}

/// A mapped file: one chunk.
struct WholeText: TextSource {
    private var file: MappedFile?
    let path: String

    init(_ file: MappedFile) {
        self.file = file
        path = file.path
    }

    mutating func next() -> TextChunk? {
        defer { file = nil }
        return file.map { TextChunk(bytes: $0.bytes, owner: $0, isLast: true) }
    }
}
