import Formats
import Foundation
import Messages
import Scoring
import Support

/// `metrics.json` (docs/FORMATS.md): what a run reached, and what it cost. Metrics in per cent.
public struct MetricsReport: Codable, Sendable, Equatable {
    /// Version of this layout.
    public static let currentSchema = 1

    public struct DataSection: Codable, Sendable, Equatable {
        /// Documents.
        public var train: Int
        public var test: Int
        /// Test documents with a label: those that are measured. nil: written by an earlier version.
        public var testLabelled: Int?
        public var features: Int
        public var labels: Int
        public var fingerprint: String
        public init(train: Int, test: Int, testLabelled: Int? = nil, features: Int, labels: Int, fingerprint: String) {
            self.train = train
            self.test = test
            self.testLabelled = testLabelled
            self.features = features
            self.labels = labels
            self.fingerprint = fingerprint
        }

        enum CodingKeys: String, CodingKey {
            case train, test, features, labels, fingerprint
            case testLabelled = "test_labelled"
        }
    }

    public struct Learner: Codable, Sendable, Equatable {
        public var seed: Int
        /// At the config's β, re-ranked where there is a re-ranker.
        public var metrics: MetricTable
        /// The same at other β: "0.10" … "0.90".
        public var byBeta: [String: MetricTable]
        /// Of each part alone: `knn`, `clf`, `reranker`.
        public var stages: [String: MetricTable]
        /// Of the scores of `metrics`; nil: written by an earlier version.
        public var labelMetrics: LabelTable?
        /// The combination without the re-ranker at each β; nil where there is none.
        public var byBetaBeforeReranker: [String: MetricTable]?
        /// Wall-clock seconds of each module that ran: `surrogate`, `shortlist`, `extreme`, `reranker`, `predict`, or what else
        /// the framework has.
        public var seconds: [String: Double]
        /// nil: the run has no validation.
        public var validation: LearnerValidationSection?

        public init(
            seed: Int, evaluation: LearnerEvaluation, seconds: [String: Double], validation: LearnerValidationSection? = nil
        ) {
            self.seed = seed
            metrics = evaluation.metrics
            byBeta = evaluation.byBeta
            stages = evaluation.stages
            labelMetrics = evaluation.labelMetrics
            byBetaBeforeReranker = evaluation.byBetaBeforeReranker
            self.seconds = seconds
            self.validation = validation
        }

        enum CodingKeys: String, CodingKey {
            case seed, metrics, stages, seconds, validation
            case byBeta = "by_beta"
            case byBetaBeforeReranker = "by_beta_before_reranker"
            case labelMetrics = "label_metrics"
        }
    }

    /// A GPU that a worker computed on.
    public struct Device: Codable, Sendable, Equatable {
        /// World rank of the worker.
        public var rank: Int
        public var host: String
        public var name: String
        /// `CUDA` or `OpenCL`, and the driver's version.
        public var backend: String
        public var driver: String
        /// nil: the driver compiles itself.
        public var compiler: String?
        /// How matrices were multiplied where that is not the CPU's way (`--fast-math`); nil: it is.
        public var fastMath: String?

        public init(
            rank: Int, host: String, name: String, backend: String, driver: String, compiler: String?, fastMath: String? = nil
        ) {
            (self.rank, self.host, self.name) = (rank, host, name)
            (self.backend, self.driver, self.compiler, self.fastMath) = (backend, driver, compiler, fastMath)
        }

        enum CodingKeys: String, CodingKey {
            case rank, host, name, backend, driver, compiler
            case fastMath = "fast_math"
        }
    }

    /// What a learner is worth on the validation documents, and what was chosen by them.
    public struct LearnerValidationSection: Codable, Sendable, Equatable {
        /// At the learner's β, tuned where it is.
        public var metrics: MetricTable
        /// Modules that have epochs: figures after each, and the epoch that is kept.
        public var modules: [ValidationHistory]
        /// Settings that were tuned: values that were tried.
        public var tuned: [TuningTable]
        /// The chosen value of each.
        public var chosen: [String: Double]

        public init(metrics: MetricTable, _ decided: LearnerValidation) {
            (self.metrics, modules, tuned) = (metrics, decided.modules, decided.tuned)
            chosen = Dictionary(decided.tuned.map { ($0.setting, $0.chosen) }) { first, _ in first }
        }
    }

    /// The validation documents, and what was chosen by them for the ensemble.
    public struct ValidationSection: Codable, Sendable, Equatable {
        /// Where they come from.
        public var source: String
        public var documents: Int
        /// Those with a label.
        public var labelled: Int
        /// What settings were chosen by; nil: none was.
        public var tuneMetric: String?
        /// Of the ensemble.
        public var ensemble: MetricTable
        /// How much each learner counts; nil: as it is.
        public var weights: [Double]?

        public init(
            source: String, documents: Int, labelled: Int, tuneMetric: String?, ensemble: MetricTable, weights: [Double]?
        ) {
            (self.source, self.documents, self.labelled) = (source, documents, labelled)
            (self.tuneMetric, self.ensemble, self.weights) = (tuneMetric, ensemble, weights)
        }

        enum CodingKeys: String, CodingKey {
            case source, documents, labelled, ensemble, weights
            case tuneMetric = "tune_metric"
        }
    }

    public struct Ensemble: Codable, Sendable, Equatable {
        public var metrics: MetricTable
        /// nil: written by an earlier version.
        public var labelMetrics: LabelTable?

        enum CodingKeys: String, CodingKey {
            case metrics
            case labelMetrics = "label_metrics"
        }
    }

    public var schema: Int
    public var framework: String
    public var arch: String
    public var dataset: String
    public var version: String
    public var ranks: Int
    public var workers: Int
    public var groups: Int
    public var wallSeconds: Double
    /// One a rank.
    public var peakRSSMiB: [Int]
    /// Seconds that each rank waited for messages while it trained; 0 of one that did not.
    public var commSeconds: [Double]
    /// Of the last job that trained, ascending by rank; nil: all workers computed on CPUs.
    public var devices: [Device]?
    public var data: DataSection
    public var learners: [Learner]
    public var ensemble: Ensemble
    public var config: JSONValue?
    public var gitRevision: String?
    /// nil: the run has no validation.
    public var validation: ValidationSection?

    enum CodingKeys: String, CodingKey {
        case schema, framework, arch, dataset, version, ranks, workers, groups, devices, data, learners, ensemble, config,
            validation
        case wallSeconds = "wall_seconds"
        case peakRSSMiB = "peak_rss_mib"
        case commSeconds = "comm_seconds"
        case gitRevision = "git_revision"
    }

    public init(
        run: RunIdentity, layout: RunLayout, wallSeconds: Double, peakRSSMiB: [Int], commSeconds: [Double],
        devices: [Device] = [], data: DataSection, learners: [Learner], ensemble: MetricTable, config: JSONValue? = nil,
        gitRevision: String? = nil, validation: ValidationSection? = nil
    ) {
        schema = Self.currentSchema
        (framework, arch, dataset, version) = (run.framework, run.arch, run.dataset, run.version)
        (ranks, workers, groups) = (layout.ranks, layout.workers, layout.groups)
        self.wallSeconds = wallSeconds
        self.peakRSSMiB = peakRSSMiB
        self.commSeconds = commSeconds
        self.devices = devices.isEmpty ? nil : devices
        self.data = data
        self.learners = learners
        self.ensemble = Ensemble(metrics: ensemble)
        self.config = config
        self.gitRevision = gitRevision
        self.validation = validation
    }
}

/// Which result a run makes.
public struct RunIdentity: Sendable, Equatable {
    public var framework: String
    public var arch: String
    public var dataset: String
    public var version: String
    public init(framework: String, arch: String, dataset: String, version: String) {
        self.framework = framework
        self.arch = arch
        self.dataset = dataset
        self.version = version
    }
}

/// How a run was spread over processes.
public struct RunLayout: Sendable, Equatable {
    public var ranks: Int
    public var workers: Int
    public var groups: Int
    public init(ranks: Int, workers: Int, groups: Int) {
        self.ranks = ranks
        self.workers = workers
        self.groups = groups
    }
}
