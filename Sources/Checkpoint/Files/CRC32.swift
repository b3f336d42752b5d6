import CZlib
import Foundation
import Support

/// The CRC-32 of zlib, gzip and PNG: finds every change of up to 32 neighbouring bits, others but for one in 2³².
public struct CRC32: Sendable {
    private var value: UInt = 0

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        value = crc32_z(value, start.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    /// Eight lower-case hexadecimal digits.
    public var hex: String {
        let digits = String(UInt32(truncatingIfNeeded: value), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The checksum of a whole file and its size in bytes.
    public static func ofFile(_ path: String) throws -> (hex: String, bytes: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure.system(errno, "could not open the file", path) }
        defer { close(descriptor) }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { block.deallocate() }
        var checksum = CRC32()
        var bytes = 0
        while true {
            let got = read(descriptor, block.baseAddress, block.count)
            if got < 0 && errno == EINTR { continue }
            if got < 0 { throw Failure.system(errno, "could not read the file", path) }
            if got == 0 { return (checksum.hex, bytes) }
            checksum.update(UnsafeRawBufferPointer(rebasing: block[..<got]))
            bytes += got
        }
    }
}
