import CZlib
import Support

/// Reads members, stored or deflated, of a zip archive by its central directory; zip64 included.
struct ZipReader {
    private struct Member {
        var method: Int
        var crc: UInt32
        var packed: Int
        var size: Int
        var offset: Int
    }

    private let file: MappedFile
    private var members: [String: Member] = [:]

    /// - Throws: `Failure` where the file is no whole zip archive.
    init(_ file: MappedFile) throws {
        self.file = file
        let (count, start) = try directory()
        var at = start
        for _ in 0..<count { at = try readEntry(at) }
    }

    var names: [String] { members.keys.sorted() }

    /// The content of a member, unpacked and checked against its CRC; a view of the file where it is stored as it is.
    ///
    /// - Throws: `Failure` where it is missing or damaged.
    func read(_ name: String) throws -> Buffer<UInt8> {
        guard let member = members[name] else {
            throw Failure(
                .usage, "the archive has no member \(name)", at: file.path, found: names.joined(separator: ", "),
                expected: "a matrix written by scipy.sparse.save_npz", advice: "write the file again")
        }
        guard field(member.offset, 4) == 0x0403_4b50, let nameLength = field(member.offset + 26, 2),
            let extraLength = field(member.offset + 28, 2)
        else { throw damaged("no local header of \(name)") }
        let start = member.offset + 30 + nameLength + extraLength
        guard start <= file.count, member.packed <= file.count - start else { throw damaged("\(name) is cut off") }
        let packed = file.view(UInt8.self, at: start, count: member.packed)
        let content =
            member.method == 0
            ? packed : try inflate(UnsafeRawBufferPointer(packed.bytes), size: member.size, name)
        guard content.count == member.size, CRC32(UnsafeRawBufferPointer(content.bytes)).value == member.crc
        else { throw damaged("the checksum of \(name) is wrong") }
        return content
    }

    private func damaged(_ what: String) -> Failure {
        Failure(
            .usage, "not a whole zip archive", at: file.path, found: what, expected: "an .npz file",
            advice: "copy or write the file again")
    }

    /// The little-endian number of `bytes` bytes at `offset`, nil beyond the file or beyond Int.
    private func field(_ offset: Int, _ bytes: Int) -> Int? {
        guard offset >= 0, offset <= file.count - bytes else { return nil }
        let value = file.bytes[offset..<offset + bytes].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: value)
    }

    /// Number of members and start of the central directory.
    private func directory() throws -> (count: Int, start: Int) {
        // The end record is followed by a comment of at most 65,535 bytes.
        let earliest = max(0, file.count - 22 - 0xFFFF)
        var end = file.count - 22
        while end >= earliest, field(end, 4) != 0x0605_4b50 { end -= 1 }
        guard end >= earliest, var count = field(end + 10, 2), var start = field(end + 16, 4) else {
            throw damaged("no central directory")
        }
        if end >= 20, field(end - 20, 4) == 0x0706_4b50, let wide = field(end - 12, 8), field(wide, 4) == 0x0606_4b50 {
            guard let wideCount = field(wide + 32, 8), let wideStart = field(wide + 48, 8) else {
                throw damaged("a cut-off zip64 record")
            }
            (count, start) = (wideCount, wideStart)
        }
        guard count <= file.count / 46 else { throw damaged("a directory of \(count) members") }
        return (count, start)
    }

    /// Reads the directory entry at `at`; returns where the next one starts.
    private mutating func readEntry(_ at: Int) throws -> Int {
        guard field(at, 4) == 0x0201_4b50, let flags = field(at + 8, 2), let method = field(at + 10, 2),
            let crc = field(at + 16, 4),
            var packed = field(at + 20, 4), var size = field(at + 24, 4), let nameLength = field(at + 28, 2),
            let extraLength = field(at + 30, 2), let commentLength = field(at + 32, 2), var offset = field(at + 42, 4),
            at + 46 + nameLength + extraLength <= file.count
        else { throw damaged("a damaged directory") }
        let name = String(decoding: file.bytes[at + 46..<at + 46 + nameLength], as: UTF8.self)
        guard flags & 1 == 0, method == 0 || method == 8 else {
            throw damaged("\(name) is encrypted or packed by method \(method)")
        }
        var extra = at + 46 + nameLength
        let extraEnd = extra + extraLength
        while extra + 4 <= extraEnd, let tag = field(extra, 2), let length = field(extra + 2, 2) {
            var value = extra + 4
            func widen(_ number: inout Int) throws {
                guard number == 0xFFFF_FFFF else { return }
                guard value + 8 <= extraEnd, let wide = field(value, 8) else { throw damaged("a damaged zip64 field") }
                (number, value) = (wide, value + 8)
            }
            if tag == 1 {
                try widen(&size)
                try widen(&packed)
                try widen(&offset)
            }
            extra += 4 + length
        }
        members[name] = Member(method: method, crc: UInt32(crc), packed: packed, size: size, offset: offset)
        return extraEnd + commentLength
    }

    private func inflate(_ packed: UnsafeRawBufferPointer, size: Int, _ name: String) throws -> Buffer<UInt8> {
        // Deflate shrinks by at most 1032:1: a larger size is a lie, and must not be allocated.
        guard size <= 1032 * packed.count + 1032 else { throw damaged("\(name) says that it unpacks to \(size) bytes") }
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Failure(.outOfResources, "zlib has no memory", at: file.path, advice: "use fewer ranks on this node")
        }
        defer { inflateEnd(&stream) }
        let content = Buffer<UInt8>(count: size)
        guard Self.run(&stream, packed, content.bytes) else { throw damaged("\(name) can't be unpacked") }
        return content
    }

    /// Inflates in steps that fit zlib's 32-bit counters; true where the stream ended and filled `output`.
    private static func run(
        _ stream: inout z_stream, _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        var read = 0
        var written = 0
        while true {
            let give = min(input.count - read, 1 << 30)
            let room = min(output.count - written, 1 << 30)
            stream.next_in = input.baseAddress.map {
                UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self) + read)
            }
            stream.avail_in = UInt32(give)
            stream.next_out = output.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) + written }
            stream.avail_out = UInt32(room)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            let (took, made) = (give - Int(stream.avail_in), room - Int(stream.avail_out))
            read += took
            written += made
            if status == Z_STREAM_END { return written == output.count }
            if status != Z_OK || (took == 0 && made == 0) { return false }
        }
    }
}
