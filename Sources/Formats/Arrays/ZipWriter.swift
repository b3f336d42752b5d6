import Support

/// Writes a zip archive of stored (uncompressed) members, as `numpy.savez` does; zip64 records only where a size needs them.
///
/// Format: PKWARE APPNOTE 6.3.9, sections 4.3.7, 4.3.12, 4.3.14–4.3.16, 4.5.3.
struct ZipWriter: ~Copyable {
    private struct Member {
        var name: String
        var crc: UInt32
        var size: Int
        var offset: Int
    }

    private var file: AtomicFile
    private var members: [Member] = []
    /// The first size or offset that needs zip64.
    private let limit: Int

    /// - Parameter zip64From: lower than the format's limit in tests only.
    init(path: String, zip64From: Int = 0xFFFF_FFFF) throws {
        file = try AtomicFile(path: path)
        limit = zip64From
    }

    /// Adds a member whose content is `parts`, one after another.
    mutating func add(_ name: String, _ parts: [UnsafeRawBufferPointer]) throws {
        try add(name, header: []) { write in for part in parts { try write(part) } }
    }

    /// Adds a member of a header and a content that comes in parts: `content` calls its argument with each, in their order.
    ///
    /// It is called twice, since the checksum and the size come before the content.
    mutating func add(
        _ name: String, header: [UInt8], content: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        var crc = CRC32(), size = header.count
        header.withUnsafeBytes { crc.update($0) }
        try content { part in
            crc.update(part)
            size += part.count
        }
        let member = Member(name: name, crc: crc.value, size: size, offset: file.position)
        members.append(member)
        // APPNOTE 4.5.3: the local header holds both sizes or neither.
        let extra: [UInt8] = member.size >= limit ? le16(1) + le16(16) + le64(member.size) + le64(member.size) : []
        try file.write(le32(0x0403_4b50) + common(member, size: member.size, extra: extra.count) + Array(name.utf8) + extra)
        try file.write(header)
        try content { try file.write($0) }
    }

    consuming func finish() throws {
        let start = file.position
        for member in members { try file.write(directoryEntry(member)) }
        let size = file.position - start
        if start >= limit || members.count >= 0xFFFF { try file.write(zip64End(start: start, size: size)) }
        let count = min(members.count, 0xFFFF)
        try file.write(
            le32(0x0605_4b50) + le16(0) + le16(0) + le16(count) + le16(count) + le32(size)
                + le32(start >= limit ? 0xFFFF_FFFF : start) + le16(0))
        try file.commit()
    }

    /// The fields that a local header and a directory entry share: version … lengths of name and extra field.
    private func common(_ member: Member, size: Int, extra: Int) -> [UInt8] {
        let shown = size >= limit ? 0xFFFF_FFFF : size
        let version = extra > 0 ? 45 : 20
        // 1980-01-01, the epoch of zip: the same content makes the same bytes.
        return le16(version) + le16(0) + le16(0) + le16(0) + le16(0x21) + le32(Int(member.crc)) + le32(shown) + le32(shown)
            + le16(member.name.utf8.count) + le16(extra)
    }

    private func directoryEntry(_ member: Member) -> [UInt8] {
        var wide: [UInt8] = []
        if member.size >= limit { wide += le64(member.size) + le64(member.size) }
        if member.offset >= limit { wide += le64(member.offset) }
        let extra = wide.isEmpty ? [] : le16(1) + le16(wide.count) + wide
        return le32(0x0201_4b50) + le16(45) + common(member, size: member.size, extra: extra.count) + le16(0) + le16(0) + le16(0)
            + le32(0) + le32(member.offset >= limit ? 0xFFFF_FFFF : member.offset) + Array(member.name.utf8) + extra
    }

    private func zip64End(start: Int, size: Int) -> [UInt8] {
        let record =
            le32(0x0606_4b50) + le64(44) + le16(45) + le16(45) + le32(0) + le32(0) + le64(members.count) + le64(members.count)
            + le64(size) + le64(start)
        return record + le32(0x0706_4b50) + le32(0) + le64(start + size) + le32(1)
    }
}

func littleEndian(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(value >> (8 * $0) & 0xff) } }
private func le16(_ value: Int) -> [UInt8] { littleEndian(value, 2) }
private func le32(_ value: Int) -> [UInt8] { littleEndian(value, 4) }
private func le64(_ value: Int) -> [UInt8] { littleEndian(value, 8) }
