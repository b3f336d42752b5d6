/// Philox 4×32 with ten rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the four words of uniform
/// bits that belong to a key and a counter, on every machine the same.
@inlinable public func philox(key: (UInt32, UInt32), counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var (k0, k1) = key, c = counter
    for round in 0..<10 {
        if round > 0 {
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        let low = UInt64(c[0]) * 0xD251_1F53, high = UInt64(c[2]) * 0xCD9E_8D57
        c = SIMD4(
            UInt32(truncatingIfNeeded: high >> 32) ^ c[1] ^ k0, UInt32(truncatingIfNeeded: high),
            UInt32(truncatingIfNeeded: low >> 32) ^ c[3] ^ k1, UInt32(truncatingIfNeeded: low))
    }
    return c
}
