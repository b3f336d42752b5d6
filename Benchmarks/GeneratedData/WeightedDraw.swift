import Glibc

/// Draws an index with a given probability in constant time: Walker's alias method, as Vose sets it up (1991).
package struct WeightedDraw {
    /// What each index is drawn with; their sum is 1.
    package let probabilities: [Double]
    /// A column gives its own index where the next word is below this, the other one otherwise.
    private var threshold: [UInt64]
    private var other: [Int32]

    package init(weights: [Double]) {
        let sum = weights.reduce(0, +), count = weights.count
        probabilities = weights.map { $0 / sum }
        threshold = [UInt64](repeating: 1 << 32, count: count)
        other = [Int32](repeating: 0, count: count)
        var share = probabilities.map { $0 * Double(count) }
        var small = share.indices.filter { share[$0] < 1 }, large = share.indices.filter { share[$0] >= 1 }
        while let low = small.last, let high = large.last {
            small.removeLast()
            threshold[low] = UInt64(share[low] * 0x1p32)
            other[low] = Int32(high)
            share[high] -= 1 - share[low]
            if share[high] < 1 {
                large.removeLast()
                small.append(high)
            }
        }
    }

    /// Weights (rank + shift)^-exponent of the ranks 0 ..< count (Zipf 1949, Mandelbrot 1953).
    package init(zipf count: Int, exponent: Double, shift: Double) {
        self.init(weights: Self.zipf(count, exponent: exponent, shift: shift))
    }

    package static func zipf(_ count: Int, exponent: Double, shift: Double) -> [Double] {
        (0..<count).map { pow(Double($0) + shift, -exponent) }
    }

    package func draw(_ random: inout CounterRandom) -> Int {
        let column = random.below(threshold.count)
        return UInt64(random.next()) < threshold[column] ? column : Int(other[column])
    }
}
