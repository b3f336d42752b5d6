import CZlib
import Support

/// A gzip file's text, unpacked some megabytes at a time; several members in a row are one text, as for gunzip.
///
/// Format: RFC 1952; zlib compares each member's CRC-32 and length.
package final class GzipText: TextSource {
    package let path: String
    private let file: MappedFile
    private var stream = z_stream()
    private var read = 0
    private var ended = false
    /// The start of a line whose end wasn't in the chunk before.
    private var carried: [UInt8] = []
    private let chunkBytes: Int
    package static let chunkBytes = 16 << 20
    /// No document is that long: a longer line is a decompression bomb, or not text.
    private static let longestLine = 1 << 28

    /// - Parameter chunkBytes: text unpacked at a time; tests make it small.
    package init(_ file: MappedFile, chunkBytes: Int = GzipText.chunkBytes) throws {
        path = file.path
        self.file = file
        // Deflate shrinks by at most 1032:1: a small file needs no more.
        self.chunkBytes = min(chunkBytes, 1032 * file.count + 1032)
        guard inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Failure(.outOfResources, "zlib has no memory", at: path, advice: "use fewer ranks on this node")
        }
        file.adviseSequential()
    }

    deinit { inflateEnd(&stream) }

    package static func recognises(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

    /// - Throws: `Failure` where the stream ends early, is damaged or holds a line over 256 MiB.
    package func next() throws -> TextChunk? {
        guard !ended else { return nil }
        var text = carried
        carried = []
        var searched = 0
        while !ended {
            try unpack(into: &text)
            if ended { break }
            if let end = text[searched...].lastIndex(of: UInt8(ascii: "\n")) {
                carried = Array(text[(end + 1)...])
                text.removeSubrange((end + 1)...)
                break
            }
            searched = text.count
            guard text.count <= Self.longestLine else { throw damaged("a line of over \(Self.longestLine >> 20) MiB") }
        }
        let chunk = Buffer(text)
        return TextChunk(bytes: UnsafeRawBufferPointer(chunk.bytes), owner: chunk, isLast: ended)
    }

    /// Appends up to `chunkBytes` of text, and says in `ended` whether that was the last.
    private func unpack(into text: inout [UInt8]) throws {
        let before = text.count
        text.append(contentsOf: repeatElement(0, count: chunkBytes))
        var made = 0
        while made < chunkBytes, !ended {
            let give = min(file.count - read, 1 << 30)
            guard give > 0 else { throw damaged("it ends within the packed text", "the file is cut off") }
            stream.next_in = file.base.map { $0.assumingMemoryBound(to: UInt8.self) + read }
            stream.avail_in = UInt32(give)
            stream.avail_out = UInt32(chunkBytes - made)
            let status = text.withUnsafeMutableBytes { bytes in
                stream.next_out = bytes.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) + before + made }
                return inflate(&stream, Z_NO_FLUSH)
            }
            read += give - Int(stream.avail_in)
            made = chunkBytes - Int(stream.avail_out)
            if status == Z_STREAM_END {
                ended = restIsPadding
                if !ended { inflateReset(&stream) }
            } else if status != Z_OK {
                throw damaged(stream.msg.map { String(cString: $0) } ?? "zlib's error \(status)")
            }
        }
        text.removeLast(chunkBytes - made)
    }

    private var restIsPadding: Bool { file.bytes[read...].allSatisfy { $0 == 0 } }

    private func damaged(_ found: String, _ problem: String = "the gzip file is damaged") -> Failure {
        Failure(.usage, problem, at: path, found: found, expected: "a whole gzip file", advice: "copy the file again")
    }
}
