import Formats
import Foundation
import Scoring
import Support

/// Everything that a report shows, as values: of a run, of one learner, or of a file of predictions.
public struct ReportContent: Codable, Sendable, Equatable {
    /// A line of the list at the top.
    public struct Fact: Codable, Sendable, Equatable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// Scores that were measured: a learner's, or the ensemble's.
    public struct System: Codable, Sendable, Equatable {
        public var name: String
        public var metrics: ReportMetrics
        public var details: ScoreDetails?
        public init(name: String, metrics: ReportMetrics, details: ScoreDetails? = nil) {
            (self.name, self.metrics, self.details) = (name, metrics, details)
        }
    }

    /// A learner's metrics at several β.
    public struct BetaCurve: Codable, Sendable, Equatable {
        public struct Point: Codable, Sendable, Equatable {
            public var beta: Double
            public var metrics: ReportMetrics
        }
        public var name: String
        public var points: [Point]
        /// Of the first stage's logits, where a re-ranker's replace them.
        public var isBeforeReranker: Bool

        enum CodingKeys: String, CodingKey {
            case name, points
            case isBeforeReranker = "before_reranker"
        }

        /// - Returns: nil where nothing was measured.
        public init?(name: String, _ byBeta: [String: ReportMetrics], isBeforeReranker: Bool = false) {
            let points = byBeta.compactMap { key, metrics in Double(key).map { Point(beta: $0, metrics: metrics) } }
            guard !points.isEmpty else { return nil }
            (self.name, self.points) = (name, points.sorted { $0.beta < $1.beta })
            self.isBeforeReranker = isBeforeReranker
        }
    }

    /// Wall seconds of a learner's modules, as its slowest worker took them.
    public struct ModuleTimes: Codable, Sendable, Equatable {
        public var name: String
        public var seconds: [String: Double]
        public init(name: String, seconds: [String: Double]) { (self.name, self.seconds) = (name, seconds) }
    }

    /// What a learner is worth on validation documents, and what was chosen by them.
    public struct LearnerValidationOf: Codable, Sendable, Equatable {
        public var name: String
        public var section: MetricsReport.LearnerValidationSection
        public init(name: String, section: MetricsReport.LearnerValidationSection) { (self.name, self.section) = (name, section) }
    }

    /// MiB of a rank.
    public struct Memory: Codable, Sendable, Equatable {
        public var rank: Int
        public var planned: Double?
        public var used: Double?
        public init(rank: Int, planned: Double?, used: Double?) { (self.rank, self.planned, self.used) = (rank, planned, used) }
    }

    public var title: String
    public var facts: [Fact]
    public var systems: [System]
    public var curves: [BetaCurve] = []
    public var stages: [System] = []
    public var histories: [LearnerHistory] = []
    public var times: [ModuleTimes] = []
    public var memory: [Memory] = []
    public var mappedMiB: Double?
    public var plan: String?
    public var differences: [ConfigDifference] = []
    public var configFile: String?
    /// From the config file.
    public var changes: [ConfigChange] = []
    public var config: JSONValue?
    public var documents: [DocumentRecord] = []
    /// nil: the run has no validation.
    public var validation: MetricsReport.ValidationSection?
    /// In the order of learners.
    public var learnerValidations: [LearnerValidationOf] = []
    /// What could not be shown, and why.
    public var notes: [String] = []

    public init(title: String, facts: [Fact] = [], systems: [System]) {
        (self.title, self.facts, self.systems) = (title, facts, systems)
    }

    /// What `report --json` prints.
    public func json() throws -> String { try ReportJSON.text(self) }
}

/// Metrics at 1 … 5 in per cent; the propensity-scored ones where training labels are known.
public struct ReportMetrics: Codable, Sendable, Equatable {
    public var P: [Double]
    public var nDCG: [Double]
    public var PSP: [Double]?
    public var R: [Double]

    public init(P: [Double], nDCG: [Double], PSP: [Double]?, R: [Double]) {
        (self.P, self.nDCG, self.PSP, self.R) = (P, nDCG, PSP, R)
    }

    public init(_ table: MetricTable) { self.init(P: table.P, nDCG: table.nDCG, PSP: table.PSP, R: table.R) }
}

/// A metric at a rank: `P@1`.
struct MetricChoice: Sendable, Equatable {
    var family: String
    /// From 1.
    var rank: Int
    var name: String { "\(family)@\(rank)" }

    init(_ family: String, _ rank: Int) { (self.family, self.rank) = (family, rank) }

    /// Those that a report's first table and chart show.
    static let shown = [("P", [1, 3, 5]), ("nDCG", [1, 3, 5]), ("PSP", [1, 3, 5])].flatMap { family, ranks in
        ranks.map { MetricChoice(family, $0) }
    }

    func value(_ metrics: ReportMetrics) -> Double? {
        let values = ["P": metrics.P, "nDCG": metrics.nDCG, "PSP": metrics.PSP ?? [], "R": metrics.R][family] ?? []
        return values.indices.contains(rank - 1) ? values[rank - 1] : nil
    }

    /// Nil where the metric itself is not known.
    func interval(_ system: ReportContent.System) -> ClosedRange<Double>? {
        guard value(system.metrics) != nil, let intervals = system.details?.intervals else { return nil }
        let ranges = ["P": intervals.P, "nDCG": intervals.nDCG, "PSP": intervals.PSP][family] ?? []
        guard ranges.indices.contains(rank - 1), ranges[rank - 1].count == 2, ranges[rank - 1][0] <= ranges[rank - 1][1] else {
            return nil
        }
        return ranges[rank - 1][0]...ranges[rank - 1][1]
    }
}
