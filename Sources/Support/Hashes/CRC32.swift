import CZlib
import Glibc

/// The CRC-32 of zlib, gzip and PNG: it detects every change of up to 32 neighbouring bits, and all but one in 2³² of the others.
public struct CRC32: Sendable {
    public private(set) var value: UInt32 = 0

    public init() {}

    public init(_ bytes: UnsafeRawBufferPointer) { update(bytes) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }

    /// Eight lower-case hexadecimal digits.
    public var hex: String { hexDigits(value) }

    /// The checksum of a whole file and its size in bytes.
    ///
    /// - Throws: `Failure` where the file cannot be read.
    public static func ofFile(_ path: String) throws -> (hex: String, bytes: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure.system(errno, "the file cannot be opened", path) }
        defer { close(descriptor) }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { block.deallocate() }
        var checksum = CRC32()
        var bytes = 0
        while true {
            let got = read(descriptor, block.baseAddress, block.count)
            if got < 0 && errno == EINTR { continue }
            if got < 0 { throw Failure.system(errno, "the file cannot be read", path) }
            if got == 0 { return (checksum.hex, bytes) }
            checksum.update(UnsafeRawBufferPointer(rebasing: block[..<got]))
            bytes += got
        }
    }
}
