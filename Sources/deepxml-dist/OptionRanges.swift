import ArgumentParser
import Config

/// Numbers that several commands take, and what they may be.
enum OptionRanges {
    static let threads = TrainOptions.threadRange

    /// - Parameter threads: nil: not given.
    /// - Throws: `ValidationError`, which names the option.
    static func check(threads number: Int?) throws { try check("--threads", number, threads) }

    static func check(_ option: String, _ number: Int?, _ range: ClosedRange<Int>) throws {
        guard let number, !range.contains(number) else { return }
        throw ValidationError("\(option) is \(number), expected \(range.lowerBound) to \(range.upperBound)")
    }

    /// Counts of what there may be any number of.
    static let counts = 1...Int(Int32.max)
}
