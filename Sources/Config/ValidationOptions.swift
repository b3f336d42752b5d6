import Formats
import Support

/// A setting that `--tune` chooses on validation documents.
public enum TunedSetting: String, CaseIterable, Sendable {
    /// `global.beta`, of each learner on its own.
    case beta
    /// `extreme.propensity_weight`.
    case propensityWeight = "propensity_weight"
    /// How much each learner counts in the ensemble.
    case ensembleWeights = "ensemble_weights"
}

/// What a run does with documents that it does not train on: which they are, and what is chosen by them.
public struct ValidationOptions: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        /// A share of the training documents, drawn by the seed alone, whatever learner is trained.
        case part(Double, seed: UInt64)
        /// Files in the data set's folder, such as the config's `val_feat_fname` and `val_label_fname`.
        case files(features: String, labels: String)
    }

    public var source: Source
    /// What the best epoch, and patience, go by.
    public var metric = SelectionMetric.standard
    /// The best epoch's model is kept; else the last one's.
    public var keepsBest = false
    /// Validations without a better one after which a module ends; nil: it trains all its epochs.
    public var patience: Int?
    /// Epochs from one validation to the next; the last epoch has one, too.
    public var every = 1
    /// What is chosen once training is done.
    public var tuned: Set<TunedSetting> = []
    public var tuneMetric = SelectionMetric.standard
    /// A and B of the propensities.
    private var propensities = ""

    public init(source: Source) { self.source = source }

    /// Whether a model is measured after this epoch, from 1.
    public func isDue(epoch: Int, of epochs: Int) -> Bool { epoch % every == 0 || epoch == epochs }

    /// What changes a trained learner, by name; empty: nothing does but which documents it trains on.
    public var learnerSettings: [String: String] {
        var settings: [String: String] = [:]
        if keepsBest { settings["keep"] = "best:\(metric)" }
        if let patience { settings["patience"] = "\(patience) by \(metric)" }
        if keepsBest || patience != nil { settings["validate_after"] = "\(every)" }
        let isKept = keepsBest || patience != nil
        if tuned.contains(.propensityWeight) || isKept && metric.weighsPropensities { settings["propensities"] = propensities }
        if tuned.contains(.propensityWeight) { settings["tune"] = "propensity_weight by \(tuneMetric)" }
        return settings
    }
}

extension ValidationOptions.Source: CustomStringConvertible {
    /// For a person.
    public var description: String {
        switch self {
        case .part(let share, let seed): "\(JSONValue.number(share).text) of the training documents, drawn by seed \(seed)"
        case .files(let features, let labels): "\(features) and \(labels)"
        }
    }
}

extension ValidationOptions {
    /// What was typed, checked; nil: no validation.
    ///
    /// - Throws: `Failure(.usage)` for a value that is none, or that means nothing to the framework.
    init?(_ arguments: TrainArguments, _ framework: FrameworkRequirements, _ config: Config, learners: Int) throws {
        guard let text = arguments.validation else {
            try Self.refuseWithout(arguments)
            return nil
        }
        source = try Self.source(text, seed: arguments.validationSeed, config)
        (keepsBest, metric) = try Self.kept(arguments.keep ?? (arguments.patience == nil ? "last" : "best"))
        patience = arguments.patience
        propensities = "A \(config.global.A), B \(config.global.B)"
        if let patience, !(1...100_000).contains(patience) {
            throw Failure(
                .usage, "--patience is out of range", at: "--patience", found: "\(patience)",
                expected: "validations without a better one, from 1 to 100000")
        }
        try Self.requireEpochs(arguments, framework)
        every = try config.validateAfter()
        if let metric = arguments.tuneMetric, arguments.tune == nil {
            throw Failure(
                .usage, "nothing is tuned", at: "--tune-metric", found: metric, expected: "--tune beside it",
                advice: "give --tune, or leave --tune-metric out; --keep best:\(metric) chooses epochs by it")
        }
        if let metric = arguments.tuneMetric { tuneMetric = try SelectionMetric(metric, flag: "--tune-metric") }
        if let tune = arguments.tune { tuned = try Self.settings(tune, framework, config, learners) }
    }

    private static func refuseWithout(_ arguments: TrainArguments) throws {
        let keep = arguments.keep == "last" ? nil : arguments.keep
        let flags = [
            ("--keep", keep), ("--patience", arguments.patience.map { "\($0)" }), ("--tune", arguments.tune),
            ("--tune-metric", arguments.tuneMetric), ("--validation-seed", arguments.validationSeed.map { "\($0)" }),
        ]
        guard let (flag, value) = flags.first(where: { $0.1 != nil }) else { return }
        throw Failure(
            .usage, "validation documents are needed", at: flag, found: value ?? "", expected: "--validation beside it",
            advice: "give --validation 0.1: a tenth of the training documents is then held out")
    }

    private static func source(_ text: String, seed: UInt64?, _ config: Config) throws -> Source {
        if text == "files" {
            guard seed == nil else {
                throw Failure(
                    .usage, "files are not drawn by a seed", at: "--validation-seed", found: "\(seed ?? 0)",
                    expected: "a share after --validation", advice: "leave --validation-seed out")
            }
            return .files(features: config.global.valFeatFname, labels: config.global.valLabelFname)
        }
        return .part(try share(text, or: "; or the word files"), seed: seed ?? 0)
    }

    /// A share of the training documents, as typed after `--validation`.
    ///
    /// - Parameter others: what else may be typed there.
    /// - Throws: `Failure(.usage)` where it is none.
    public static func share(_ text: String, or others: String = "") throws -> Double {
        if let share = Double(text), share > 0, share <= 0.5 { return share }
        throw Failure(
            .usage, "no share of the training documents", at: "--validation", found: "\"\(text)\"",
            expected: "a share of the training documents above 0 and up to 0.5, such as 0.1\(others)")
    }

    /// `last`, `best` or `best:METRIC`.
    private static func kept(_ text: String) throws -> (best: Bool, SelectionMetric) {
        if text == "last" { return (false, .standard) }
        if text == "best" { return (true, .standard) }
        guard text.hasPrefix("best:") else {
            throw Failure(
                .usage, "no epoch to keep", at: "--keep", found: "\"\(text)\"", expected: "last, best, or best:METRIC",
                advice: suggestion(for: text, among: ["last", "best"]).map { "did you mean \($0)?" } ?? "such as best:nDCG@5")
        }
        return (true, try SelectionMetric(String(text.dropFirst(5)), flag: "--keep"))
    }

    private static func requireEpochs(_ arguments: TrainArguments, _ framework: FrameworkRequirements) throws {
        if framework.usesEncoder { return }
        let best = arguments.keep.map { $0 != "last" } ?? false
        guard best || arguments.patience != nil else { return }
        let flag = best ? "--keep" : "--patience"
        throw Failure(
            .usage, "framework \(framework.name) has no epochs to choose from", at: flag,
            found: best ? arguments.keep ?? "" : "\(arguments.patience ?? 0)",
            expected: "DeepXML, DeepXML-OVA or DeepXML-ANNS",
            advice: "leave \(flag) out: --validation still measures what is trained")
    }
}

extension ValidationOptions {
    /// `all`, or names separated by commas.
    private static func settings(
        _ text: String, _ framework: FrameworkRequirements, _ config: Config, _ learners: Int
    ) throws -> Set<TunedSetting> {
        if text == "all" {
            let all = TunedSetting.allCases.filter { $0.obstacle(framework, config, learners) == nil }
            return Set(all)
        }
        let settings = try text.split(separator: ",", omittingEmptySubsequences: false).map { word -> TunedSetting in
            if let setting = TunedSetting(rawValue: word.trimmingCharacters(in: .whitespaces)) { return setting }
            let names = TunedSetting.allCases.map(\.rawValue)
            throw Failure(
                .usage, "nothing that can be tuned is called \"\(word)\"", at: "--tune", found: text,
                expected: names.joined(separator: ", ") + ", or all that apply: --tune alone",
                advice: suggestion(for: String(word), among: names).map { "did you mean \($0)?" } ?? "")
        }
        for setting in settings {
            guard let obstacle = setting.obstacle(framework, config, learners) else { continue }
            throw Failure(
                .usage, "\(setting.rawValue) cannot be tuned in this run", at: "--tune", found: obstacle,
                expected: "settings that the run has", advice: "leave it out; --tune alone takes all that apply")
        }
        return Set(settings)
    }
}

extension TunedSetting {
    /// Why a run has no such setting; nil: it has.
    fileprivate func obstacle(_ framework: FrameworkRequirements, _ config: Config, _ learners: Int) -> String? {
        switch self {
        case .beta:
            framework.weighsShortlist ? nil : "\(framework.name) has no shortlist for β to weigh the classifiers against"
        case .propensityWeight:
            !framework.usesEncoder
                ? "\(framework.name) has no propensity_weight"
                : config.extreme.classifier.bias ? nil : "classifiers without a bias (extreme.bias is false)"
        case .ensembleWeights: learners > 1 ? nil : "one learner"
        }
    }
}

extension Config {
    /// `validate_after` of the extreme module where it is written, else 1.
    fileprivate func validateAfter() throws -> Int {
        guard let entry = written.entry("validate_after", in: .extreme) else { return 1 }
        if let epochs = entry.value.integer, (1...100_000).contains(epochs) { return epochs }
        throw Failure(
            .usage, "validate_after is no number of epochs", at: entry.place, found: entry.value.text,
            expected: "an integer from 1 to 100000", advice: "such as --set extreme.validate_after=1")
    }
}
