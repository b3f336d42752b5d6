/// A (score, label) pair as one integer whose order is the ranking: a smaller key ranks higher.
///
/// Descending score, then smaller label id: the one tie rule of predictions, metrics and merges, so that a result
/// never depends on the order in which ranks report. −0 ranks as 0; NaN ranks below every number.
public struct RankKey: Comparable, Sendable, BitwiseCopyable {
    @usableFromInline package let bits: UInt64

    /// Ranks below every pair.
    public static let last = RankKey(bits: .max)

    @usableFromInline package init(bits: UInt64) { self.bits = bits }

    @inlinable public init(score: Float, label: Int32) {
        // Positive floats order as their bits; negative ones in reverse. Complemented, so that larger scores come first.
        let plain = (score + 0).bitPattern
        let ascending = plain & 0x8000_0000 != 0 ? ~plain : plain | 0x8000_0000
        let descending = score.isNaN ? UInt32.max : ~ascending
        bits = UInt64(descending) << 32 | UInt64(UInt32(bitPattern: label))
    }

    @inlinable public var label: Int32 { Int32(bitPattern: UInt32(truncatingIfNeeded: bits)) }

    @inlinable public var score: Float {
        let ascending = ~UInt32(truncatingIfNeeded: bits >> 32)
        return Float(bitPattern: ascending & 0x8000_0000 != 0 ? ascending & 0x7FFF_FFFF : ~ascending)
    }

    @inlinable public static func < (a: RankKey, b: RankKey) -> Bool { a.bits < b.bits }
    @inlinable public static func == (a: RankKey, b: RankKey) -> Bool { a.bits == b.bits }
}

extension MutableCollection where Self: RandomAccessCollection, Element == RankKey, Index == Int {
    /// The `rank`-th smallest key (0-based) in expected linear time; reorders the keys so that none before it is larger (Hoare's
    /// FIND).
    package mutating func select(_ rank: Int) -> RankKey {
        var low = 0
        var high = count - 1
        while low < high {
            // The middle of three guards against sorted rows, which are the rule here.
            let a = self[low]
            let b = self[(low + high) / 2]
            let c = self[high]
            let pivot = Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
            var i = low
            var j = high
            while i <= j {
                while self[i] < pivot { i += 1 }
                while pivot < self[j] { j -= 1 }
                if i <= j {
                    swapAt(i, j)
                    i += 1
                    j -= 1
                }
            }
            if rank <= j { high = j } else if rank >= i { low = i } else { break }
        }
        return self[rank]
    }
}
