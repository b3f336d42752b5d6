import Scoring
import Support

/// A ranking metric at some rank, in per cent: `P@1`, `nDCG@5`, `PSP@3`, `R@5`.
public struct RankingMetric: Sendable, Equatable, CustomStringConvertible {
    public static let names = ["P", "nDCG", "R"]
    public var name: String
    /// 1 … 5.
    public var rank: Int

    /// - Throws: `Failure(.usage)` where there is no such metric.
    public init(_ text: String, flag: String = "--metric") throws {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        let name = Self.names.first { $0.lowercased() == parts[0].lowercased() }
        guard parts.count == 2, let name, let rank = Int(parts[1]), (1...5).contains(rank) else {
            throw Failure(
                .usage, "unknown metric \"\(text)\"", at: flag, found: text,
                expected: Self.names.map { "\($0)@1 … \($0)@5" }.joined(separator: ", "),
                advice: suggestion(for: text, among: Self.names.flatMap { name in (1...5).map { "\(name)@\($0)" } })
                    .map { "did you mean \($0)?" } ?? "")
        }
        (self.name, self.rank) = (name, rank)
    }

    public var description: String { "\(name)@\(rank)" }

    func value(_ table: MetricTable) -> Double {
        switch name {
        case "P": table.P[rank - 1]
        case "R": table.R[rank - 1]
        default: table.nDCG[rank - 1]
        }
    }
}

extension WeightSearch {
    package init(scores: [CSRMatrix], truth: GroundTruth, metric: RankingMetric, team: ThreadTeam) {
        self.init(scores: scores, truth: truth, team: team, figure: metric.value)
    }
}
