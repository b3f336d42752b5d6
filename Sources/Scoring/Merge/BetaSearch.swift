import Messages
import Support

/// Chooses β for a learner on validation documents: a grid of twentieths, with the config's β among them.
public enum BetaSearch {
    public static let grid = (0...20).map { Double($0) / 20 }

    /// What the documents say of each β.
    ///
    /// - Parameters:
    ///   - parts: scores of the validation documents, with a shortlist.
    ///   - metric: its name, and its figure in a table.
    public static func table(
        _ parts: LearnerParts, truth: GroundTruth, configured: Double, metric: (name: String, figure: (MetricTable) -> Double),
        team: ThreadTeam? = nil
    ) throws -> TuningTable {
        let betas = TuningTable.values(grid, and: configured)
        var sums = betas.map { _ in MetricAccumulator(truth, team: team) }
        for documents in RowBlock.ranges(parts.rows) {
            let block = try parts.block(documents)
            for (i, beta) in betas.enumerated() { sums[i].add(block.combined(beta: beta, team: team)) }
        }
        let rows = zip(betas, sums).map { beta, sum in
            TuningTable.Row(value: beta, score: metric.figure(sum.table), metrics: sum.table.figures)
        }
        return TuningTable(setting: "beta", metric: metric.name, configured: configured, rows: rows)
    }
}
