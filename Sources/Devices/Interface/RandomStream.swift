/// A stream of random numbers, drawn by counter: Philox 4×32-10 (Salmon et al., SC 2011) of (key, purpose, moment, row, index).
///
/// Any rank and any device can draw any number of it without the ones before.
public struct RandomStream: Sendable, Equatable {
    public var key0: UInt32, key1: UInt32
    /// What the numbers are for.
    public var purpose: UInt32
    /// The step or epoch.
    public var step: UInt32

    public init(key0: UInt32, key1: UInt32, purpose: UInt32, step: UInt32) {
        (self.key0, self.key1, self.purpose, self.step) = (key0, key1, purpose, step)
    }

    /// Four words of 32 uniform bits.
    public func block(_ index: UInt32, row: UInt32) -> SIMD4<UInt32> {
        philox(key: (key0, key1), counter: SIMD4(index, row, step, purpose))
    }
}

/// Philox 4×32 with ten rounds: four words of uniform bits for a counter.
public func philox(key: (UInt32, UInt32), counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
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
