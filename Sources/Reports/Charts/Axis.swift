import Foundation
import Support

/// A range of numbers along one side of a chart, and the round numbers that are written there.
struct Axis: Sendable, Equatable {
    let low: Double
    let high: Double
    let ticks: [Double]
    private let step: Double

    /// - Parameters:
    ///   - values: that must lie within.
    ///   - fromZero: the axis begins at 0.
    ///   - count: about so many ticks.
    init(_ values: [Double], fromZero: Bool = false, count: Int = 5) {
        // The difference of larger numbers is none.
        let finite = values.filter { abs($0) < 1e300 }
        var low = fromZero ? min(0, finite.min() ?? 0) : finite.min() ?? 0
        var high = finite.max() ?? 1
        if high - low < 1e-12 * max(1, abs(high)) {
            let room = max(abs(high) * 0.05, 1e-6)
            (low, high) = fromZero && high == 0 ? (0, 1) : (fromZero ? min(low, 0) : low - room, high + room)
        }
        step = Self.roundStep((high - low) / Double(max(1, count)))
        self.low = (low / step).rounded(.down) * step
        self.high = (high / step).rounded(.up) * step
        let first = self.low, width = step
        ticks = (0...Int(saturating: ((self.high - first) / step).rounded())).map { first + Double($0) * width }
    }

    /// Whole numbers `from` … `to`, one a tick where they fit.
    init(from: Int, to: Int, count: Int = 8) {
        let most = 1 << 60, from = max(-most, min(from, most)), to = max(from, min(to, most))
        let span = max(1, to - from), step = max(1, (span + count - 1) / count)
        (low, high) = (Double(from), Double(max(to, from + 1)))
        self.step = Double(step)
        ticks = stride(from: from, through: max(to, from + 1), by: step).map(Double.init)
    }

    /// 1, 2 or 5 times a power of ten, not below `step`.
    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, floor(log10(step)))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= step * (1 - 1e-9) } ?? 10 * power
    }

    /// Where a value lies between 0 (`low`) and 1 (`high`).
    func share(_ value: Double) -> Double { (value - low) / (high - low) }

    /// A tick as text: with as many decimals as the step needs; small numbers by powers of ten.
    func label(_ tick: Double) -> String {
        if step < 1e-4 { return tick == 0 ? "0" : String(format: "%.3g", tick) }
        let digits = step >= 1 ? 0 : Int((-log10(step)).rounded(.up))
        return Markup.number(tick, digits: digits)
    }
}
