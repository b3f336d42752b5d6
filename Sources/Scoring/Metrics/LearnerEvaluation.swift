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
    /// Which labels are rare, where training labels are known.
    public var segments: LabelSegments?
    /// Labels over which means of labels are taken: all, or those that were chosen to be measured.
    public var countedLabels: Int

    public init(
        labels: CSRMatrix, inversePropensity: [Double], filter: CSRMatrix? = nil, segments: LabelSegments? = nil,
        countedLabels: Int? = nil
    ) {
        self.labels = labels
        self.countedLabels = countedLabels ?? labels.cols
        self.inversePropensity = inversePropensity
        self.filter = filter
        self.segments = segments
    }

    /// Documents with a label: those that count. Where there are none, every figure is 0 and means nothing.
    public var labelledDocuments: Int { (0..<labels.rows).count { !labels.range($0).isEmpty } }

    /// Scores of some documents without the pairs that are no predictions.
    public func predictions(of scores: CSRMatrix, _ documents: Range<Int>, team: ThreadTeam? = nil) -> CSRMatrix {
        guard let filter, filter.nonZeros > 0 else { return scores }
        return Scoring.without(filter.block(documents), in: scores, team: team)
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
    /// Of the same scores.
    public var details: ScoreDetails
    /// Of the same scores.
    public var labelMetrics: LabelTable
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
        var measure = LearnerMeasure(
            truth, beta: beta, betas: betas, hasReranker: scores.reranker != nil, hasShortlist: scores.hasShortlist, team: team)
        measure.add(scores)
        self = measure.evaluation
    }

    /// The same of scores that are read by blocks of documents.
    public init(
        parts: LearnerParts, truth: GroundTruth, beta: Double, betas: [Double] = Self.betas, team: ThreadTeam? = nil
    ) throws {
        var measure = LearnerMeasure(
            truth, beta: beta, betas: betas, hasReranker: parts.reranker != nil, hasShortlist: parts.hasShortlist, team: team)
        try ProgressScope.stage("evaluating", of: parts.rows, "documents") { progress in
            for documents in RowBlock.ranges(parts.rows) {
                measure.add(try parts.block(documents))
                progress.advance(to: documents.upperBound)
            }
        }
        self = measure.evaluation
    }

    fileprivate init(
        main: DetailedAccumulator, byBeta: [String: MetricTable], stages: [String: MetricTable],
        byBetaBeforeReranker: [String: MetricTable]?
    ) {
        (metrics, details, labelMetrics) = (main.table, main.details, main.labelMetrics)
        (self.byBeta, self.stages) = (byBeta, stages)
        self.byBetaBeforeReranker = byBetaBeforeReranker
    }

    /// β as a key: two decimals, or as many as it needs.
    public static func key(_ beta: Double) -> String {
        let short = String(format: "%.2f", beta)
        return Double(short) == beta ? short : "\(beta)"
    }
}

/// The sums of an evaluation, over blocks of documents.
private struct LearnerMeasure {
    private let beta: Double
    private let betas: [Double]
    private let team: ThreadTeam?
    private var main: DetailedAccumulator
    private var stages: [String: MetricAccumulator] = [:]
    /// One a β; empty without a shortlist.
    private var byBeta: [MetricAccumulator] = []
    /// Nil without a re-ranker, or without a shortlist.
    private var before: [MetricAccumulator]?

    init(
        _ truth: GroundTruth, beta: Double, betas: [Double], hasReranker: Bool, hasShortlist: Bool, team: ThreadTeam?
    ) {
        (self.beta, self.betas, self.team) = (beta, betas, team)
        main = DetailedAccumulator(truth, team: team)
        let metrics = MetricAccumulator(truth, team: team)
        for (name, isThere) in [("clf", true), ("knn", hasShortlist), ("reranker", hasReranker)] where isThere {
            stages[name] = metrics
        }
        guard hasShortlist else { return }
        byBeta = betas.map { _ in metrics }
        if hasReranker { before = byBeta }
    }

    /// The documents that come next.
    mutating func add(_ scores: LearnerScores) {
        stages["clf"]?.add(scores.clf)
        stages["knn"]?.add(scores.knn)
        if let reranker = scores.reranker { stages["reranker"]?.add(reranker) }
        guard scores.hasShortlist else { return main.add(scores.combined(beta: 1, team: team)) }
        // The squashed stages serve every β.
        let knn = Scoring.squashed(scores.knn, team: team), clf = Scoring.squashed(scores.clf, team: team)
        let last = scores.reranker.map { Scoring.squashed($0, team: team) } ?? clf
        func combined(_ stage: CSRMatrix, _ beta: Double) -> CSRMatrix {
            Scoring.sum(stage, weight: Float(beta), knn, weight: Float(1 - beta), team: team)
        }
        main.add(combined(last, beta))
        for (i, beta) in betas.enumerated() {
            byBeta[i].add(combined(last, beta))
            before?[i].add(combined(clf, beta))
        }
    }

    var evaluation: LearnerEvaluation {
        func named(_ sums: [MetricAccumulator]) -> [String: MetricTable] {
            Dictionary(uniqueKeysWithValues: zip(betas, sums).map { (LearnerEvaluation.key($0), $1.table) })
        }
        return LearnerEvaluation(
            main: main, byBeta: named(byBeta), stages: stages.mapValues(\.table),
            byBetaBeforeReranker: before.map(named))
    }
}
