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

    /// An empty path is a shell's variable that was not set: `--data "$DATA"`. What is below it would be at the root of the disk.
    ///
    /// - Throws: `ValidationError`, which names the option.
    static func check(paths: KeyValuePairs<String, String?>) throws {
        for (option, path) in paths where path == "" {
            throw ValidationError("\(option) is empty: name a path, such as . for the current folder")
        }
    }

    /// Counts of what there may be any number of.
    static let counts = 1...Int(Int32.max)
}
