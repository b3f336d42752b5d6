import CZlib
import Diagnostics
import Foundation

/// The lines of a gzip file, unpacked piece by piece: memory for one line and two buffers, whatever the file's size.
struct GzipLines {
    let path: String

    static let magic: [UInt8] = [0x1F, 0x8B]
    /// A longer line is no document but an attack or a damaged file.
    private static let longestLine = 256 << 20
    private static let bufferSize = 1 << 18

    /// Calls `body` with the bytes of each line, without its LF. A last line without LF counts; an empty one does not.
    ///
    /// - Throws: `Failure` where the stream ends early, is damaged or holds a line over 256 MiB; and what `body` throws.
    func readEach(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        guard let file = gzopen(path, "rb") else {
            throw Failure(
                .usage, "the file cannot be read", at: path, found: String(cString: strerror(errno)),
                advice: "check its permissions")
        }
        defer { gzclose(file) }
        gzbuffer(file, UInt32(Self.bufferSize))
        var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
        var line = [UInt8]()
        var number = 1
        while true {
            let count = buffer.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32($0.count)) }
            if let damage = damage(file, count) { throw damaged(damage, number) }
            if count <= 0 { break }
            try buffer[..<Int(count)].withUnsafeBufferPointer { bytes in
                var rest = bytes[...]
                while let end = rest.firstIndex(of: 0x0A) {
                    line.append(contentsOf: rest[..<end])
                    try line.withUnsafeBufferPointer(body)
                    line.removeAll(keepingCapacity: true)
                    number += 1
                    rest = rest[(end + 1)...]
                }
                line.append(contentsOf: rest)
            }
            if line.count > Self.longestLine { throw damaged("a line of over 256 MiB", number) }
        }
        if !line.isEmpty { try line.withUnsafeBufferPointer(body) }
    }

    /// zlib gives out what it has of a stream that ends early, and says so only when asked.
    private func damage(_ file: gzFile, _ count: Int32) -> String? {
        var code: Int32 = 0
        let words = gzerror(file, &code).map { String(cString: $0) } ?? ""
        guard count < 0 || (code != Z_OK && code != Z_STREAM_END) else { return nil }
        return code == Z_BUF_ERROR ? "the end of the file within the compressed stream" : words
    }

    private func damaged(_ found: String, _ line: Int) -> Failure {
        Failure(
            .usage, "the gzip file is not whole", at: "\(path):\(line)", found: found,
            expected: "a gzip stream up to its checksum",
            advice: "download or copy the file again, then check it by: gzip -t '\(path)'")
    }
}
