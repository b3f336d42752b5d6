import Buffers

/// Whole lines of a text; only the last one may lack its line feed. Nobody writes to them, so that threads may share them.
struct TextChunk: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    /// Keeps `bytes` alive.
    let owner: AnyObject?
    let isLast: Bool
}

/// A text that comes in runs of whole lines.
protocol TextSource {
    var path: String { get }
    /// Nil after the last chunk.
    mutating func next() throws -> TextChunk?
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
