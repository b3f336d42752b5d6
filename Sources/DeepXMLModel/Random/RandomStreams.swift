import Devices

/// What a random number is drawn for. Part of the generator's counter, so purposes never share numbers.
public enum RandomPurpose: UInt32, Sendable {
    case shuffle = 1, encoderDropout, residualDropout, negatives, classifierInit, embeddingInit, spectralInit
    case layerInit, layerDropout
}

/// The random numbers of one module of one learner, drawn by counter (Philox 4×32-10, Salmon et al., SC 2011).
///
/// Any worker can draw any number, whatever the layout: a number depends only on (seed, module, purpose, step, row,
/// column). So dropout masks, shuffles and negatives don't depend on the number of ranks, and resuming is exact.
public struct RandomStreams: Sendable {
    public let seed: UInt64
    /// 1…4: which module draws (DESIGN.md §1).
    public let module: UInt32

    public init(seed: UInt64, module: UInt32) {
        self.seed = seed
        self.module = module
    }

    /// The stream of `purpose` at `step` (a step or an epoch of the module).
    public func stream(_ purpose: RandomPurpose, step: Int) -> RandomStream {
        RandomStream(
            key0: UInt32(truncatingIfNeeded: seed), key1: UInt32(truncatingIfNeeded: seed >> 32),
            purpose: module << 8 | purpose.rawValue, step: UInt32(truncatingIfNeeded: step))
    }

    /// A uniform permutation of 0 ..< count (Fisher–Yates).
    public func permutation(_ count: Int, epoch: Int) -> [Int32] {
        let stream = stream(.shuffle, step: epoch)
        var order = (0..<Int32(count)).map { $0 }
        var block = SIMD4<UInt32>(), left = 0
        for i in stride(from: count - 1, to: 0, by: -1) {
            if left == 0 { (block, left) = (stream.block(UInt32(i), row: 0), 4) }
            left -= 1
            let j = Int((UInt64(block[left]) * UInt64(i + 1)) >> 32)
            order.swapAt(i, j)
        }
        return order
    }

    /// Fills `count` floats with U(−bound, bound): those of row `row`, whose columns begin at `firstColumn`.
    public func fillUniform(
        _ out: UnsafeMutablePointer<Float>, count: Int, row: Int, firstColumn: Int, bound: Float, purpose: RandomPurpose
    ) {
        let stream = stream(purpose, step: 0)
        var block = SIMD4<UInt32>(), have = -1
        for i in 0..<count {
            let column = firstColumn + i
            if have != column / 4 {
                have = column / 4
                block = stream.block(UInt32(have), row: UInt32(row))
            }
            out[i] = bound * (Float(block[column % 4] >> 8) * (2 / Float(1 << 24)) - 1)
        }
    }
}
