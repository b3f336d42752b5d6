import Coordinator
import Datasets
import Formats
import Reports
import Scoring
import Support
import Transport

/// The figures of one file of predictions, as `deepxml-dist evaluate` prints them.
public struct Evaluation: Codable, Sendable, Equatable {
    /// Metrics at 1 … 5 in per cent; the propensity-scored ones need the training labels.
    public struct Figures: Codable, Sendable, Equatable {
        public var P: [Double]
        public var nDCG: [Double]
        public var PSP: [Double]?
        public var PSnDCG: [Double]?
        public var R: [Double]
    }

    /// What the person should be told; no part of the JSON.
    public var notices: [String] = []
    /// Documents with a label: those that count.
    public var documents: Int
    public var labels: Int
    public var metrics: Figures
    /// Of the best 1 … 5 labels as sets, over all documents.
    public var labelMetrics: LabelTable
    /// The same of the labels at or above a threshold, where one was given.
    public var atThreshold: ThresholdFigures?
    /// Of a bootstrap over the documents; PSP's are empty without training labels.
    public var intervals: MetricIntervals
    /// `head`, `torso`, `tail`; nil without training labels.
    public var segments: [String: SegmentTable]?
    /// β of `metrics` and `segments`, where the file is a learner's.
    public var beta: Double?
    public var byBeta: [String: Figures]?
    public var byBetaBeforeReranker: [String: Figures]?
    /// `clf`, `knn`, `reranker` alone.
    public var stages: [String: Figures]?
    /// Where only some labels count, and `metrics` rank these among themselves: the figures of the ranking of all labels.
    public var amongAll: Figures?
    /// Some documents with their labels, where they were asked for; not in the JSON.
    public var samples: [DocumentRecord] = []

    enum CodingKeys: String, CodingKey {
        case documents, labels, metrics, intervals, segments, beta, stages
        case labelMetrics = "label_metrics"
        case atThreshold = "at_threshold"
        case amongAll = "among_all"
        case byBeta = "by_beta"
        case byBetaBeforeReranker = "by_beta_before_reranker"
    }

    /// Reads the files and measures.
    ///
    /// - Throws: `Failure` for whatever is wrong with a file, or where they don't belong together.
    public init(_ options: EvaluateOptions) throws {
        try options.check()
        let inputs = try EvaluationInputs(options)
        let team = ThreadTeam(size: max(1, options.threads))
        defer { team.stop() }
        let truth = inputs.truth
        notices = inputs.notices
        func figures(_ table: MetricTable) -> Figures { Figures(table, propensity: inputs.labelCounts != nil) }
        documents = (0..<truth.labels.rows).count { !truth.labels.range($0).isEmpty }
        labels = inputs.among?.columns.count ?? truth.labels.cols
        func counted(_ matrix: CSRMatrix) -> CSRMatrix { inputs.among?.masking(matrix) ?? matrix }
        let scores: CSRMatrix, all: CSRMatrix, details: ScoreDetails
        switch inputs.content {
        case .scores(let whole):
            let matrix = counted(whole)
            var sums = DetailedAccumulator(truth, team: team)
            sums.add(matrix)
            (scores, all, metrics, details) = (matrix, whole, figures(sums.table), sums.details.rounded())
            labelMetrics = sums.labelMetrics.rounded()
        case .learner(let whole):
            let beta = options.betas[0]
            let stages = LearnerScores(
                clf: counted(whole.clf), knn: counted(whole.knn), reranker: whole.reranker.map(counted),
                hasShortlist: whole.hasShortlist)
            all = inputs.among == nil ? whole.clf : whole.combined(beta: beta, team: team)
            let learner = LearnerEvaluation(scores: stages, truth: truth, beta: beta, betas: options.betas, team: team)
            scores = stages.combined(beta: beta, team: team)
            (metrics, details) = (figures(learner.metrics), learner.details.rounded())
            labelMetrics = learner.labelMetrics.rounded()
            self.beta = beta
            byBeta = learner.byBeta.mapValues(figures)
            byBetaBeforeReranker = learner.byBetaBeforeReranker?.mapValues(figures)
            self.stages = learner.stages.mapValues(figures)
        }
        amongAll = inputs.among.map { _ in figures(truth.evaluate(all, team: team)) }
        if let threshold = options.threshold {
            atThreshold = truth.evaluate(scores, threshold: threshold).rounded()
            notices += Self.unreached(threshold, by: scores, options.predictions)
        }
        (intervals, segments) = (details.intervals, details.segments)
        if inputs.labelCounts == nil { intervals.PSP = [] }
        if options.keepsDocuments { samples = try Self.samples(scores, truth, labelFile: options.labels) }
    }

    /// A sentence where no score is at or above the threshold.
    private static func unreached(_ threshold: Double, by scores: CSRMatrix, _ path: String) -> [String] {
        let largest = scores.values?.array.max() ?? 1
        guard scores.nonZeros > 0, largest < Float(threshold) else { return [] }
        return ["\(path): no score reaches --threshold \(threshold): the largest is \(largest)"]
    }

    /// Texts are those that `prepare` writes beside a file of labels.
    private static func samples(_ scores: CSRMatrix, _ truth: GroundTruth, labelFile: String) throws -> [DocumentRecord] {
        let part = lastName(labelFile).hasPrefix("trn") ? "trn" : "tst", folder = parentFolder(labelFile)
        let samples = try RankedSamples(
            truth: truth.labels, texts: NameFile.fitting("\(folder)/\(part)_raw.tsv", lines: truth.labels.rows),
            names: NameFile.find(in: folder, .labels).flatMap { NameFile.fitting($0, lines: truth.labels.cols) },
            scores: { truth.predictions(of: scores.block($0), $0) })
        return samples.records(truth: truth.labels)
    }
}

extension Evaluation.Figures {
    init(_ table: MetricTable, propensity: Bool) {
        let short = table.rounded()
        self.init(
            P: short.P, nDCG: short.nDCG, PSP: propensity ? short.PSP : nil, PSnDCG: propensity ? short.PSnDCG : nil, R: short.R)
    }
}
