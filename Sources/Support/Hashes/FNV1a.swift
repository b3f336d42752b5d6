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
