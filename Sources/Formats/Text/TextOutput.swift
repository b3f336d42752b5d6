import CZlib
import Support

/// A text file that is written from its beginning to its end, packed by gzip where asked, and appears when it is whole.
///
/// The same text gives the same bytes: no time is stored.
package struct TextOutput: ~Copyable {
    private var file: AtomicFile
    private var buffer: [UInt8] = []
    private let packer: Packer?
    private static let bufferBytes = 1 << 20

    package init(path: String, isPacked: Bool = false) throws {
        let packer = isPacked ? try Packer(path: path) : nil
        self.init(file: try AtomicFile(path: path), packer: packer)
    }

    /// Writes a file of lines.
    package static func write(_ path: String, lines: some Sequence<String>) throws {
        var output = try TextOutput(path: path)
        for line in lines { try output.write("\(line)\n") }
        try output.commit()
    }

    private init(file: consuming AtomicFile, packer: Packer?) {
        self.file = file
        self.packer = packer
    }

    package mutating func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.bufferBytes { try flush(last: false) }
    }

    package consuming func commit() throws {
        try flush(last: true)
        try file.commit()
    }

    private mutating func flush(last: Bool) throws {
        guard let packer else {
            try file.write(buffer)
            buffer.removeAll(keepingCapacity: true)
            return
        }
        while let packed = packer.pack(buffer, last: last) { try file.write(packed) }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// zlib's compressor, one run of bytes at a time.
private final class Packer {
    private var stream = z_stream()
    private var taken = 0
    private var isDone = false

    init(path: String) throws {
        // 16: gzip's header and trailer; 8: zlib's own choice of memory.
        let status = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw Failure(.outOfResources, "zlib has no memory", at: path) }
    }

    deinit { deflateEnd(&stream) }

    /// The next packed bytes of `bytes`; nil when all of them were taken, which also readies it for the next run.
    func pack(_ bytes: [UInt8], last: Bool) -> [UInt8]? {
        if isDone || (taken == bytes.count && !last) {
            taken = 0
            return nil
        }
        var packed = [UInt8](repeating: 0, count: 1 << 18)
        let made = bytes.withUnsafeBytes { input in
            packed.withUnsafeMutableBytes { output in
                stream.next_in = input.baseAddress.map {
                    UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self) + taken)
                }
                stream.avail_in = UInt32(input.count - taken)
                stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(output.count)
                isDone = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END
                taken = input.count - Int(stream.avail_in)
                return output.count - Int(stream.avail_out)
            }
        }
        packed.removeLast(packed.count - made)
        return packed
    }
}
