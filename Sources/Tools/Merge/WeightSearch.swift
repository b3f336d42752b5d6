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

/// Chooses the weights of an ensemble on validation documents: coordinate ascent over shares of 1/20, from given weights.
///
/// Each learner in turn gets every share of the whole while the others keep their proportions; the best stays (of equal ones
/// the share nearest to what it was), until a round changes nothing. With two learners this is a search of the whole grid.
package struct WeightSearch {
    let scores: [CSRMatrix]
    let truth: GroundTruth
    let metric: RankingMetric
    let team: ThreadTeam
    private static let steps = 20, rounds = 5

    package init(scores: [CSRMatrix], truth: GroundTruth, metric: RankingMetric, team: ThreadTeam) {
        (self.scores, self.truth, self.metric, self.team) = (scores, truth, metric, team)
    }

    /// - Parameter progress: counts the weights that are tried.
    /// - Returns: weights that sum to 1, their metric, and that of the weights at the start.
    package func run(from start: [Double], _ progress: ProgressStage = .none) -> (weights: [Double], value: Double, start: Double)
    {
        var weights = shares(start), best = value(weights)
        let before = best
        for _ in 0..<Self.rounds {
            let earlier = weights
            for learner in weights.indices {
                let own = weights[learner]
                let grid = (0...Self.steps).map { Double($0) / Double(Self.steps) }.sorted { abs($0 - own) < abs($1 - own) }
                for share in grid {
                    let tried = setting(learner, to: share, in: weights), found = value(tried)
                    if found > best { (weights, best) = (tried, found) }
                    progress.advance()
                }
            }
            if weights == earlier { break }
        }
        return (weights, best, before)
    }

    private func value(_ weights: [Double]) -> Double {
        let sum = Scoring.weightedSum(scores, weights: weights.map(Float.init), team: team)
        return metric.value(truth.evaluate(sum, team: team))
    }

    private func shares(_ weights: [Double]) -> [Double] {
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// The weights with one at `share`, the others in their proportions (equal ones where they were all 0).
    private func setting(_ learner: Int, to share: Double, in weights: [Double]) -> [Double] {
        let rest = 1 - weights[learner], others = Double(weights.count - 1)
        return weights.indices.map { i in
            i == learner ? share : rest > 0 ? weights[i] / rest * (1 - share) : (1 - share) / others
        }
    }
}
