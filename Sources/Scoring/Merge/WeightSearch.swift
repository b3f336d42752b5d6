import Support

/// Chooses the weights of an ensemble on validation documents: coordinate ascent over shares of 1/20, from given weights.
///
/// Each learner in turn gets every share of the whole while the others keep their proportions; the best stays (of equal ones
/// the share nearest to what it was), until a round changes nothing. With two learners this is a search of the whole grid.
package struct WeightSearch {
    private let scores: [CSRMatrix]
    private let truth: GroundTruth
    private let figure: (MetricTable) -> Double
    private let team: ThreadTeam
    private static let steps = 20, rounds = 5

    /// - Parameters:
    ///   - scores: of each learner.
    ///   - figure: what is made as large as can be.
    package init(scores: [CSRMatrix], truth: GroundTruth, team: ThreadTeam, figure: @escaping (MetricTable) -> Double) {
        (self.scores, self.truth, self.figure, self.team) = (scores, truth, figure, team)
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
        return figure(truth.evaluate(sum, team: team))
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
