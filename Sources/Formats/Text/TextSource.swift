import Support

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
            let bytes = chunk.bytes
            var start = 0
            while start < bytes.count {
                let end = lineEnd(bytes, from: start)
                try body(bytes[start..<end])
                start = end + 1
            }
            withExtendedLifetime(chunk.owner) {}
        }
    }
}

/// A mapped file: one chunk.
package struct WholeText: TextSource {
    private var file: MappedFile?
    package let path: String

    package init(_ file: MappedFile) {
        self.file = file
        path = file.path
    }

    package mutating func next() -> TextChunk? {
        defer { file = nil }
        return file.map { TextChunk(bytes: $0.bytes, owner: $0, isLast: true) }
    }
}

extension MappedFile {
    /// Calls `body` with the bytes of each line, without its LF, and the line's number from 1.
    package func forEachLine(_ body: (Slice<UnsafeRawBufferPointer>, Int) throws -> Void) throws {
        var text = WholeText(self)
        var number = 0
        try text.forEachLine {
            number += 1
            try body($0, number)
        }
    }
}
