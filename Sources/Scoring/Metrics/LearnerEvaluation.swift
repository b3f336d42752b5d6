import Foundation
import Support

/// What the predictions of a run are measured against.
public struct GroundTruth: Sendable {
    /// Test documents × original labels, binary.
    public var labels: CSRMatrix
    /// 1/p of each original label.
    public var inversePropensity: [Double]
    /// (document, label) pairs that are removed from predictions.
    public var filter: CSRMatrix?

    public init(labels: CSRMatrix, inversePropensity: [Double], filter: CSRMatrix? = nil) {
        self.labels = labels
        self.inversePropensity = inversePropensity
        self.filter = filter
    }

    public func evaluate(_ scores: CSRMatrix, team: ThreadTeam? = nil) -> MetricTable {
        Metrics.evaluate(
            scores: scores, truth: labels, inversePropensity: inversePropensity, filter: filter, team: team)
    }
}

/// Metrics of one learner: of its parts, and of their combination at several β.
public struct LearnerEvaluation: Sendable, Equatable {
    /// The β of the original's evaluation.
    public static let betas = [0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.75, 0.90]

    /// At the config's β, re-ranked where there is a re-ranker.
    public var metrics: MetricTable
    /// Keys "0.10" … "0.90"; empty where there is no shortlist to weigh against.
    public var byBeta: [String: MetricTable]
    /// `clf`, `knn` and, where there is one, `reranker`.
    public var stages: [String: MetricTable]
    /// As `byBeta`, with the first stage's logits; nil without a re-ranker.
    public var byBetaBeforeReranker: [String: MetricTable]?

    /// - Parameter betas: all different.
    public init(
        scores: LearnerScores, truth: GroundTruth, beta: Double, betas: [Double] = Self.betas, team: ThreadTeam? = nil
    ) {
        self = ProgressScope.stage("evaluating", of: Self.tables(scores, betas), "tables") { progress in
            Self(scores, truth, beta, betas, team, progress)
        }
    }

    /// Tables of metrics that are made.
    private static func tables(_ scores: LearnerScores, _ betas: [Double]) -> Int {
        guard scores.hasShortlist else { return 2 }
        return scores.reranker == nil ? 3 + betas.count : 4 + 2 * betas.count
    }

    private init(
        _ scores: LearnerScores, _ truth: GroundTruth, _ beta: Double, _ betas: [Double], _ team: ThreadTeam?,
        _ progress: ProgressStage
    ) {
        func evaluate(_ scores: CSRMatrix) -> MetricTable {
            defer { progress.advance() }
            return truth.evaluate(scores, team: team)
        }
        stages = ["clf": evaluate(scores.clf)]
        if let reranker = scores.reranker { stages["reranker"] = evaluate(reranker) }
        guard scores.hasShortlist else {
            metrics = evaluate(scores.combined(beta: 1, team: team))
            byBeta = [:]
            return
        }
        stages["knn"] = evaluate(scores.knn)
        // The squashed stages serve every β.
        let knn = Scoring.squashed(scores.knn, team: team)
        func combined(_ stage: CSRMatrix, _ beta: Double) -> MetricTable {
            let mixed = Scoring.sum(stage, weight: Float(beta), knn, weight: Float(1 - beta), team: team)
            return evaluate(mixed)
        }
        func all(_ stage: CSRMatrix) -> [String: MetricTable] {
            Dictionary(uniqueKeysWithValues: betas.map { (Self.key($0), combined(stage, $0)) })
        }
        let clf = Scoring.squashed(scores.clf, team: team)
        let last = scores.reranker.map { Scoring.squashed($0, team: team) }
        metrics = combined(last ?? clf, beta)
        byBeta = all(last ?? clf)
        byBetaBeforeReranker = last == nil ? nil : all(clf)
    }

    /// β as a key: two decimals, or as many as it needs.
    public static func key(_ beta: Double) -> String {
        let short = String(format: "%.2f", beta)
        return Double(short) == beta ? short : "\(beta)"
    }
}
