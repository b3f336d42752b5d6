import Checkpoint
import Config
import Foundation
import Messages
import Scoring
import Support
import Training

/// Validation of a module that has epochs: measures its network as it would be pinned after each, keeps the best one's parameters in a
/// checkpoint beside those of training, and says when patience is exhausted.
///
/// All that is decided follows from a history that every worker has and every checkpoint holds: a run that goes on, with any number of
/// workers, decides as one that was never stopped.
package final class ModuleValidation: EpochValidation {
    private let run: NetworkRun
    private let module: ModuleName
    private let section: ModuleConfig
    private let network: Network
    private let schedule: (any EpochSchedule)?
    private let options: ValidationOptions
    private let figures: ValidationMeasure
    /// Of the validation documents, by the network as it is. Collective.
    private let prediction: () throws -> Prediction
    private(set) var history: ValidationHistory
    private var lastEpoch = 0

    /// Keys of a checkpoint's `state`.
    enum StateKey { static let history = "validation", best = "validation_best", tuning = "tuning" }

    /// nil: the run has no validation.
    init?(
        _ run: NetworkRun, _ module: ModuleName, _ section: ModuleConfig, _ network: Network, schedule: (any EpochSchedule)?,
        prediction: @escaping () throws -> Prediction
    ) {
        guard let options = run.run.settings.options.validation, let figures = ValidationMeasure(run.run) else { return nil }
        (self.run, self.module, self.section, self.network) = (run, module, section, network)
        (self.schedule, self.options, self.figures, self.prediction) = (schedule, options, figures, prediction)
        history = ValidationHistory(
            module: module.name, metric: "\(options.metric)", epochs: section.optimisation.epochs, keepsBest: options.keepsBest,
            patience: options.patience)
    }

    package func begin(resumedFrom checkpoint: CheckpointReader?) throws {
        guard let checkpoint, let text = checkpoint.state[StateKey.history] else { return }
        history.points = try Self.decoded(ValidationHistory.self, text, checkpoint).points
        lastEpoch = checkpoint.key.epoch
    }

    package var stops: Bool { history.isExhausted }

    package var state: [String: String] {
        var state = [StateKey.history: Self.encoded(history)]
        if options.keepsBest { state[StateKey.best] = history.best.map { "\($0.epoch)" } }
        return state
    }

    package func measure(epoch: Int) throws -> [String: Double]? {
        lastEpoch = epoch
        guard options.isDue(epoch: epoch, of: history.epochs) else { return nil }
        return try ProgressScope.stage("validating") { _ in
            try asFinished {
                let table = try measured(weight: section.classifier.propensityWeight)
                history.points.append(.init(epoch: epoch, value: options.metric.value(table), metrics: table.figures))
                if options.keepsBest, history.best?.epoch == epoch { try keep(epoch) }
                return table.figures
            }
        }
    }

    private func asFinished<Result>(_ body: () throws -> Result) throws -> Result {
        try schedule?.asFinished(body) ?? body()
    }

    /// Figures with the biases raised by a weight.
    private func measured(weight: Double) throws -> MetricTable {
        try run.withAdjustedLogits(network.classifier, weight: weight) {
            network.prepareForPrediction()
            return try figures.table(prediction())
        }
    }
}

// The best epoch.
extension ModuleValidation {
    private var beside: ModuleName {
        ModuleName(name: module.name + CheckpointStore.besideEnding, index: module.index)
    }

    /// Parameters as the module would end with them, biases not yet raised. The checkpoint before stays as long as training may go on
    /// from where it was the best.
    private func keep(_ epoch: Int) throws {
        try run.control.saveBeside(beside.key(epoch: epoch, step: 0), arrays: network.storedArrays(moments: false))
        guard run.group.isLeader else { return }
        try run.control.store.removeBeside(module.name, state: StateKey.best, kept: epoch)
    }

    /// After training: takes the best epoch's parameters, where they are to be kept and training went on after it.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where they cannot be read.
    func conclude() throws {
        try say()
        guard options.keepsBest, let best = history.best, best.epoch != lastEpoch else { return }
        let stored = try run.control.agree { try $0.pinned(module: beside.name, epoch: best.epoch) }
        guard let stored else {
            throw Failure(
                .damagedCheckpoint, "the parameters of the best epoch cannot be read", at: run.control.store.folder,
                found: "no whole checkpoint \(beside.name) of epoch \(best.epoch)", expected: "the one that training has written",
                advice: "run the same command again: it goes on from a checkpoint before that epoch")
        }
        try network.restore(stored, moments: false)
    }

    private func say() throws {
        guard let best = history.best else { return }
        let figure =
            "\(history.metric) \(Quantity.percent(best.value)) on \(Quantity.plural(figures.documents, "validation document"))"
        if history.isExhausted, lastEpoch < history.epochs {
            try run.run.notice(
                "\(module.name) ends after epoch \(lastEpoch) of \(history.epochs): "
                    + "\(Quantity.plural(history.sinceBest, "validation")) brought nothing better")
        }
        let kept =
            options.keepsBest ? "epoch \(best.epoch) is kept" : "epoch \(best.epoch) was the best, epoch \(lastEpoch) is kept"
        try run.run.notice("\(module.name): \(kept), \(figure)")
    }

    /// Once the module's result is pinned.
    static func removeBest(of module: ModuleName, _ run: NetworkRun) throws {
        guard run.group.isLeader, run.run.settings.options.validation?.keepsBest == true else { return }
        let beside = module.name + CheckpointStore.besideEnding
        try run.control.store.remove { $0 == beside }
    }
}

// Settings of a trained module.
extension ModuleValidation {
    /// Weights that `--tune propensity_weight` tries.
    package static let propensityWeights = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1]

    /// What the validation documents say of weights of rare labels, with the network as it will be pinned but for its biases.
    func tunePropensityWeight() throws -> TuningTable? {
        guard module == .extreme, options.tuned.contains(.propensityWeight) else { return nil }
        let configured = section.classifier.propensityWeight
        let values = TuningTable.values(Self.propensityWeights, and: configured)
        let rows = try ProgressScope.stage("tuning propensity_weight", of: values.count, "values") { progress in
            try values.map { weight in
                let table = try measured(weight: weight)
                progress.advance()
                return TuningTable.Row(value: weight, score: options.tuneMetric.value(table), metrics: table.figures)
            }
        }
        let table = TuningTable(
            setting: TunedSetting.propensityWeight.rawValue, metric: "\(options.tuneMetric)", configured: configured, rows: rows)
        try run.run.notice("propensity_weight \(table.chosen) is chosen by \(table.metric) on validation documents")
        return table
    }

    static func encoded(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // All numbers are finite, and nothing else can fail.
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    static func decoded<Value: Decodable>(_ type: Value.Type, _ text: String, _ checkpoint: CheckpointReader) throws -> Value {
        if let value = try? JSONDecoder().decode(type, from: Data(text.utf8)) { return value }
        throw Failure(
            .damagedCheckpoint, "what a checkpoint says of validation cannot be read", at: checkpoint.folder,
            found: String(text.prefix(60)), expected: "the history of its module", advice: "start over with --fresh")
    }

    /// What a module's result says that was decided for it.
    static func record(_ stored: CheckpointReader, into run: NetworkRun) throws {
        if let text = stored.state[StateKey.history] {
            run.run.validation.modules.append(try decoded(ValidationHistory.self, text, stored))
        }
        if let text = stored.state[StateKey.tuning] {
            run.run.validation.tuned.append(try decoded(TuningTable.self, text, stored))
        }
    }
}
