import Support

/// A record of TensorBoard's event files, as bytes: the little of TensorFlow's `Event` message (event.proto, summary.proto) that scalars
/// need, in the frame of a TFRecord (record_writer.h).
package enum ScalarRecord {
    /// The first record of a file: which version of events follows.
    ///
    /// - Parameter wallTime: seconds since 1970.
    package static func version(wallTime: Double) -> [UInt8] {
        var event = WireMessage()
        event.double(1, wallTime)
        event.text(3, "brain.Event:2")
        return framed(event.bytes)
    }

    /// Values of one step, each with its tag.
    package static func scalars(_ values: [(tag: String, value: Float)], step: Int, wallTime: Double) -> [UInt8] {
        var summary = WireMessage()
        for (tag, value) in values {
            var own = WireMessage()
            own.text(1, tag)
            own.float(2, value)
            summary.message(1, own)
        }
        var event = WireMessage()
        event.double(1, wallTime)
        event.integer(2, step)
        event.message(5, summary)
        return framed(event.bytes)
    }

    /// Length, its masked checksum, the data, theirs.
    private static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(masked(length)) + data + littleEndian(masked(data))
    }

    /// Rotated and moved, so that a checksum of data that hold checksums stays a good one.
    private static func masked(_ bytes: [UInt8]) -> UInt32 {
        let value = CRC32C.of(bytes)
        return (value >> 15 | value << 17) &+ 0xA282_EAD8
    }

    fileprivate static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    }
}

/// A message of Protocol Buffers (wire types 0, 1, 2 and 5), field by field.
struct WireMessage {
    private(set) var bytes: [UInt8] = []

    mutating func integer(_ field: Int, _ value: Int) {
        key(field, 0)
        varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func double(_ field: Int, _ value: Double) {
        key(field, 1)
        bytes += ScalarRecord.littleEndian(value.bitPattern)
    }

    mutating func float(_ field: Int, _ value: Float) {
        key(field, 5)
        bytes += ScalarRecord.littleEndian(value.bitPattern)
    }

    mutating func text(_ field: Int, _ text: String) { counted(field, Array(text.utf8)) }

    mutating func message(_ field: Int, _ message: WireMessage) { counted(field, message.bytes) }

    private mutating func counted(_ field: Int, _ content: [UInt8]) {
        key(field, 2)
        varint(UInt64(content.count))
        bytes += content
    }

    private mutating func key(_ field: Int, _ type: UInt64) { varint(UInt64(field) << 3 | type) }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    private mutating func varint(_ value: UInt64) {
        var left = value
        while left > 0x7F {
            bytes.append(UInt8(left & 0x7F) | 0x80)
            left >>= 7
        }
        bytes.append(UInt8(left))
    }
}

/// The checksum of iSCSI and TFRecord (RFC 3720, appendix B.4: polynomial 1EDC6F41, reflected), a byte at a time.
package enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    package static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { value, byte in table[Int((value ^ UInt32(byte)) & 0xFF)] ^ value >> 8 }
    }
}
