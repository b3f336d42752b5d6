import Support

/// What a report says of scores beside their metrics.
public struct ScoreDetails: Codable, Sendable, Equatable {
    /// How far the metrics would move with other test documents of the same kind.
    public var intervals: MetricIntervals
    /// `head`, `torso` and `tail`; nil where training labels are not known.
    public var segments: [String: SegmentTable]?

    public init(intervals: MetricIntervals, segments: [String: SegmentTable]? = nil) {
        (self.intervals, self.segments) = (intervals, segments)
    }

    /// Each figure rounded to four decimals, as reports store them.
    public func rounded() -> ScoreDetails {
        ScoreDetails(intervals: intervals.rounded(), segments: segments?.mapValues { $0.rounded() })
    }
}

extension SegmentTable {
    /// As reports store figures: four decimals.
    public func rounded() -> SegmentTable {
        func short(_ values: [Double]) -> [Double] { values.map { $0.rounded(digits: 4) } }
        return SegmentTable(labels: labels, pairs: pairs, P: short(P), R: short(R))
    }
}

/// Metrics of predictions that come by blocks of documents, with all that a report says of them.
public struct DetailedAccumulator: Sendable {
    private var metrics: MetricAccumulator
    private var bootstrap: Bootstrap
    private var segments: SegmentAccumulator?
    private var labels: LabelCounter

    public init(_ truth: GroundTruth, k: Int = 5, team: ThreadTeam? = nil) {
        metrics = MetricAccumulator(truth, k: k, team: team)
        bootstrap = Bootstrap(documents: truth.labels.rows, k: k)
        segments = truth.segments.map { SegmentAccumulator(truth, $0, k: k) }
        labels = LabelCounter(truth, k: k)
    }

    /// As `MetricAccumulator.add`.
    public mutating func add(_ scores: CSRMatrix) {
        var bootstrap = self.bootstrap
        // Each document's figures are held for a block at a time.
        for rows in RowBlock.ranges(scores.rows) { metrics.add(scores.block(rows)) { bootstrap.add($0, $1) } }
        self.bootstrap = bootstrap
        segments?.add(scores)
        labels.add(scores)
    }

    /// The same bits as those of a `MetricAccumulator`.
    public var table: MetricTable { metrics.table }

    /// Micro and macro F1, and coverage, at 1 … k.
    public var labelMetrics: LabelTable { labels.table }

    public var details: ScoreDetails {
        ScoreDetails(
            intervals: bootstrap.intervals(),
            segments: segments.map { Dictionary(uniqueKeysWithValues: zip(LabelSegments.names, $0.tables)) })
    }
}
