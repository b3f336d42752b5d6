import CXXHash
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

/// XXH64 digests of content. They are not cryptographic: they detect accidents, not forgeries.
public enum ContentHash {
    /// The digest of `bytes`.
    public static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        XXH64(bytes.baseAddress, bytes.count, seed)
    }

    public static func of(_ bytes: Buffer<UInt8>) -> UInt64 { of(UnsafeRawBufferPointer(bytes.bytes)) }

    public static func of(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0) -> UInt64 {
        Array(bytes).withUnsafeBytes { of($0, seed: seed) }
    }

    /// The digest of a file's content, 16 hexadecimal digits, whatever its name.
    ///
    /// - Throws: `Failure` where the file can't be read.
    public static func ofFile(_ path: String) throws -> String {
        let file = try MappedFile(path: path)
        file.adviseSequential()
        return hex(of(file.bytes))
    }

    public static func hex(_ digest: UInt64) -> String { hexDigits(digest) }
}

/// FNV-1a (draft-eastlake-fnv): a small hash for short texts.
public enum FNV1a {
    /// 64 bits.
    public static func hash64(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// 32 bits, a byte at a time, each widened with its sign, as fastText does (Dictionary::hash).
    public struct FastText {
        public private(set) var value: UInt32 = 2_166_136_261

        public init() {}

        public mutating func add(_ byte: UInt8) {
            value = (value ^ UInt32(bitPattern: Int32(Int8(bitPattern: byte)))) &* 16_777_619
        }
    }
}

/// All hexadecimal digits of a number, in lower case.
package func hexDigits(_ number: some FixedWidthInteger) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: number.bitWidth / 4 - digits.count) + digits
}
