import Support

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
