import CXXHash

/// XXH64 digests of content. They are not cryptographic: they detect accidents, not forgeries.
public enum ContentHash {
    /// The digest of `bytes`.
    public static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        XXH64(bytes.baseAddress, bytes.count, seed)
    }

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
