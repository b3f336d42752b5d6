import Config
import Datasets
import Learners
import Messages
import Reports
import Scoring
import Support

/// What the coordinator chooses on validation documents once learners are trained: β of each, and their weights in the ensemble.
///
/// All of it follows from the learners' scores of these documents, so that a run that finds learners trained chooses the same.
struct ValidationTuning {
    private let options: ValidationOptions
    private let global: GlobalConfig
    private let truth: GroundTruth
    private let team: ThreadTeam
    private let notice: (String) -> Void

    /// nil: the run has no validation.
    init?(_ options: TrainOptions, _ data: XCDataset, _ team: ThreadTeam, notice: @escaping (String) -> Void) {
        guard let validation = options.validation, let truth = data.validationTruth(options.config.global) else { return nil }
        (self.options, global, self.truth, self.team, self.notice) = (validation, options.config.global, truth, team, notice)
    }

    private var metric: (name: String, figure: (MetricTable) -> Double) { ("\(options.tuneMetric)", options.tuneMetric.value) }

    /// The learner with its β, and with its figures on the validation documents.
    func tuned(_ learner: LearnerResult) throws -> LearnerResult {
        guard let parts = learner.validation?.scores else { return learner }
        var learner = learner
        if options.tuned.contains(.beta), parts.hasShortlist {
            let table = try ProgressScope.stage("tuning beta") { _ in
                try BetaSearch.table(parts, truth: truth, configured: global.beta, metric: metric, team: team)
            }
            learner.validation?.decided.tuned.append(table)
            say(table, of: learner.seed)
        }
        let scores = parts.combined(beta: learner.beta ?? global.beta, team: team)
        learner.validation?.metrics = try measure(scores)
        return learner
    }

    private func say(_ table: TuningTable, of seed: UInt64) {
        func score(_ value: Double) -> String {
            Quantity.percent(table.rows.first { $0.value == value }?.score ?? 0)
        }
        notice(
            "seed \(seed): beta \(table.chosen) is chosen on \(Quantity.plural(truth.labels.rows, "validation document")): "
                + "\(table.metric) \(score(table.chosen)), \(score(table.configured)) at the config's \(table.configured)")
    }

    private func measure(_ scores: CombinedScores) throws -> MetricTable {
        var sums = MetricAccumulator(truth, team: team)
        for documents in RowBlock.ranges(scores.rows) { sums.add(try scores.block(documents)) }
        return sums.table
    }

    /// What the ensemble is worth on the validation documents, and the learners' weights where they are tuned.
    func section(_ learners: [LearnerResult]) throws -> MetricsReport.ValidationSection? {
        let parts = learners.compactMap(\.validation?.scores)
        guard parts.count == learners.count else { return nil }
        let scores = zip(learners, parts).map { $1.combined(beta: $0.beta ?? global.beta, team: team) }
        var weights: [Double]?
        if options.tuned.contains(.ensembleWeights), learners.count > 1 { weights = try self.weights(scores) }
        let ensemble = CombinedScores.ensemble(scores, weights: weights, team: team)
        return .init(
            source: "\(options.source)", documents: truth.labels.rows, labelled: truth.labelledDocuments,
            tuneMetric: options.tuned.isEmpty ? nil : metric.name, ensemble: try measure(ensemble), weights: weights)
    }

    private func weights(_ scores: [CombinedScores]) throws -> [Double] {
        let whole = try scores.map { try $0.block(0..<$0.rows) }
        let search = WeightSearch(scores: whole, truth: truth, team: team, figure: metric.figure)
        let found = ProgressScope.stage("tuning ensemble_weights", of: nil, "trials") {
            search.run(from: scores.map { _ in 1 }, $0)
        }
        notice(
            "ensemble weights \(found.weights.map { String(format: "%.4g", $0) }.joined(separator: ", ")) are chosen on "
                + "validation documents: \(metric.name) \(Quantity.percent(found.value)), "
                + "\(Quantity.percent(found.start)) with equal ones")
        return found.weights
    }
}

extension LearnerResult {
    /// β as tuned; nil: the config's.
    var beta: Double? { chosen(.beta) }

    func chosen(_ setting: TunedSetting) -> Double? {
        validation?.decided.tuned.first { $0.setting == setting.rawValue }?.chosen
    }
}

extension PlannedValidation {
    /// Of a run of so many learners with these options.
    package init(_ held: HeldOutDocuments, _ options: ValidationOptions, learners: Int) {
        let trials = options.tuned.contains(.propensityWeight) ? ModuleValidation.propensityWeights.count : 0
        let weighed = options.tuned.contains(.ensembleWeights) && learners > 1 ? learners : 0
        self.init(
            documents: held.features.rows, every: options.every, trials: trials, weighed: weighed, mappedBytes: held.mappedBytes)
    }
}
