import Foundation

/// How many labels stand on how many training documents: the long tail in a few lines.
public struct LabelFrequencies: Sendable, Equatable {
    /// Labels of `least` to `most` (nil: and more) training documents.
    public struct Bin: Sendable, Equatable {
        public let part: Part
        public let least: Int
        public let most: Int?
        public let labels: Int
        /// (document, label) pairs of these labels.
        public let pairs: Int
    }

    /// Fewer than 10 training documents, 10 to 99, 100 and more.
    public enum Part: String, Sendable { case tail, torso, head }

    /// Ascending; of at least one label each.
    public let bins: [Bin]

    private static let bounds = [0, 1, 2, 3, 5, 10, 30, 100, 300, 1000, 3000, 10_000]

    /// - Parameter counts: training documents of each label.
    init(counts: [Int]) {
        let bounds = Self.bounds
        bins = bounds.indices.compactMap { index in
            let least = bounds[index]
            let most = index + 1 < bounds.count ? bounds[index + 1] - 1 : nil
            let members = counts.filter { $0 >= least && $0 <= most ?? .max }
            guard !members.isEmpty else { return nil }
            let part: Part = least < 10 ? .tail : least < 100 ? .torso : .head
            return Bin(part: part, least: least, most: most, labels: members.count, pairs: members.reduce(0, +))
        }
    }
}

extension LabelFrequencies: CustomStringConvertible {
    /// A line a bin, with a bar as long as its share of the labels.
    public var description: String {
        let labels = max(bins.reduce(0) { $0 + $1.labels }, 1)
        let pairs = max(bins.reduce(0) { $0 + $1.pairs }, 1)
        let largest = max(bins.map(\.labels).max() ?? 1, 1)
        let lines = bins.map { bin in
            let range = bin.most == bin.least ? "\(bin.least)" : bin.most.map { "\(bin.least)–\($0)" } ?? "\(bin.least)+"
            let bar = String(repeating: "█", count: max(1, 30 * bin.labels / largest))
            let shares = [Self.percent(bin.labels, labels), Self.percent(bin.pairs, pairs)]
            return "  " + bin.part.rawValue.padding(toLength: 6, withPad: " ", startingAt: 0) + Self.right(range, 12)
                + Self.right(bin.labels.grouped, 12) + Self.right(shares[0], 9) + Self.right(shares[1], 9) + "  " + bar
        }
        return (["  part     documents      labels    share of pairs"] + lines).joined(separator: "\n")
    }

    static func percent(_ part: Int, _ whole: Int) -> String {
        String(format: "%.2f %%", 100 * Double(part) / Double(max(whole, 1)))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
