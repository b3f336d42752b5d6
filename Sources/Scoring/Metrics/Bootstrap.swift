import Support

/// Intervals of metrics at 1 … k, in per cent: [low, high] at each rank.
public struct MetricIntervals: Codable, Sendable, Equatable {
    /// Share of resamples whose metric lies within: 0.95.
    public var level: Double
    public var resamples: Int
    public var P: [[Double]]
    public var nDCG: [[Double]]
    public var PSP: [[Double]]

    public init(level: Double, resamples: Int, P: [[Double]], nDCG: [[Double]], PSP: [[Double]]) {
        (self.level, self.resamples, self.P, self.nDCG, self.PSP) = (level, resamples, P, nDCG, PSP)
    }

    func rounded() -> MetricIntervals {
        func short(_ ranges: [[Double]]) -> [[Double]] { ranges.map { $0.map { $0.rounded(digits: 4) } } }
        return MetricIntervals(level: level, resamples: resamples, P: short(P), nDCG: short(nDCG), PSP: short(PSP))
    }
}

/// The bootstrap over test documents (Efron, "Bootstrap methods: another look at the jackknife", 1979; percentile intervals).
///
/// Documents are drawn with replacement, as many as there are, and the metrics of each such draw are taken. Of many documents, blocks
/// are drawn in their place, to which the documents are dealt at random: their sums vary as documents do, and 2,048 of them tell an
/// interval's width to two per cent. All draws are functions of the document's or the resample's number.
struct Bootstrap: Sendable {
    private static let level = 0.95, resamples = 1000, mostBlocks = 2048

    private let k: Int
    private let documents: Int
    private let blocks: Int
    /// Blocks × width, row-major: documents, then the sums of P, nDCG, and PSP's numerator and denominator at 1 … k.
    private var sums: [Double]
    private var width: Int { 1 + 4 * k }

    /// - Parameter documents: of the test set, those without labels included.
    init(documents: Int, k: Int) {
        (self.k, self.documents, blocks) = (k, documents, min(documents, Self.mostBlocks))
        sums = [Double](repeating: 0, count: blocks * (1 + 4 * k))
    }

    /// - Parameter figures: of this document alone.
    mutating func add(_ document: Int, _ figures: MetricSums) {
        let block = documents == blocks ? document : Self.draw(document, purpose: 1, below: blocks)
        let values = [1.0] + figures.precision + figures.gain + figures.propensity + figures.bestPropensity
        for (i, value) in values.enumerated() { sums[block * width + i] += value }
    }

    func intervals() -> MetricIntervals {
        // Blocks without a document that counts add nothing to any draw.
        let filled = (0..<blocks).filter { sums[$0 * width] > 0 }
        var figures = [[Double]](repeating: [], count: 3 * k)
        for resample in 0..<(filled.isEmpty ? 0 : Self.resamples) {
            let drawn = draw(resample, of: filled)
            for j in 0..<k {
                let best = drawn[1 + 3 * k + j]
                figures[j].append(100 * drawn[1 + j] / drawn[0])
                figures[k + j].append(100 * drawn[1 + k + j] / drawn[0])
                figures[2 * k + j].append(best > 0 ? 100 * drawn[1 + 2 * k + j] / best : 0)
            }
        }
        let ranges = figures.map(Self.middle)
        return MetricIntervals(
            level: Self.level, resamples: Self.resamples, P: Array(ranges[..<k]), nDCG: Array(ranges[k..<2 * k]),
            PSP: Array(ranges[(2 * k)...]))
    }

    /// The sums over as many blocks as there are, drawn with replacement.
    private func draw(_ resample: Int, of filled: [Int]) -> [Double] {
        var drawn = [Double](repeating: 0, count: width)
        let own = UInt32(truncatingIfNeeded: resample), count = UInt64(filled.count)
        var words = SIMD4<UInt32>()
        for i in filled.indices {
            if i % 4 == 0 { words = philox(key: (2, 0), counter: SIMD4(UInt32(truncatingIfNeeded: i / 4), own, 0, 0)) }
            let from = filled[Int((UInt64(words[i % 4]) * count) >> 32)] * width
            for j in 0..<width { drawn[j] += sums[from + j] }
        }
        return drawn
    }

    private static func draw(_ number: Int, purpose: UInt32, below count: Int) -> Int {
        let word = philox(key: (purpose, 0), counter: SIMD4(UInt32(truncatingIfNeeded: number), 0, 0, 0))[0]
        return Int((UInt64(word) * UInt64(count)) >> 32)
    }

    /// Where the middle `level` of the values begins and ends.
    private static func middle(_ values: [Double]) -> [Double] {
        guard !values.isEmpty else { return [0, 0] }
        let sorted = values.sorted(), outside = Int((1 - level) / 2 * Double(values.count))
        return [sorted[outside], sorted[values.count - 1 - outside]]
    }
}
