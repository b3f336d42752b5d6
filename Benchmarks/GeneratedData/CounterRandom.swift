import Support

/// Uniform bits from Philox: each purpose and index has a stream of its own, the same in whichever order the streams are asked for.
package struct CounterRandom {
    package enum Purpose: UInt32 {
        case labelOrder, tokenOrder, documentOrder, labelTokens, topicTokens, training, test
    }

    private let key: (UInt32, UInt32)
    private var counter: SIMD4<UInt32>
    private var words = SIMD4<UInt32>()
    private var used = 4

    package init(seed: UInt64, _ purpose: Purpose, index: Int = 0) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        counter = SIMD4(0, purpose.rawValue, UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32))
    }

    package mutating func next() -> UInt32 {
        if used == 4 {
            words = philox(key: key, counter: counter)
            counter[0] &+= 1
            used = 0
        }
        defer { used += 1 }
        return words[used]
    }

    /// 0 ..< `bound`, which is below 2³¹, by the high half of a product (Lemire 2019, without its rejections).
    package mutating func below(_ bound: Int) -> Int { Int((UInt64(next()) * UInt64(bound)) >> 32) }

    /// Uniform in [0, 1).
    package mutating func unit() -> Double { Double(next()) * 0x1p-32 }

    /// A number of 1, 2 …, spread evenly about its mean.
    package mutating func count(mean: Double) -> Int { 1 + Int(unit() * 2 * (mean - 1) + unit()) }

    /// 0 ..< `count` in random order (Fisher and Yates).
    package mutating func order(_ count: Int) -> [Int32] {
        var order = [Int32](0..<Int32(count))
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, below(last + 1)) }
        return order
    }
}
