import Config
import Datasets
import Formats
import Foundation
import Support
import Training

/// Chooses the framework of a run for which none is named: that of which the data set has a config, else the most accurate default
/// that is trained in reasonable time (docs/CONFIGURATION.md, "Which framework").
///
/// The choice depends on the data set and the command alone, not on the machine: all ranks make the same, and a run that was stopped
/// goes on with it on any number of ranks.
struct FrameworkChooser {
    /// `--configs`, and where configs are looked for without it.
    var configs: String?
    var workingDirectory: String
    var executable: String
    var arch: String?
    /// As typed after `--set`.
    var settings: [String] = []

    /// A learner of one-vs-all or of DiSMEC that takes no more than this on `cores` cores is trained so.
    static let reasonableSeconds = 600.0
    static let cores = 2.0

    /// Seconds that one learner takes, by the plan's rates and what the plan takes for granted where it has no data.
    ///
    /// - Parameters:
    ///   - config: with the epochs and dimensions of one-vs-all, where it is that.
    ///   - documents: N, training documents.
    ///   - labels: L.
    static func seconds(_ learner: any Learner, _ config: Config, documents: Int, labels: Int) -> Double {
        let size = ProblemSize(
            trainDocuments: documents, testDocuments: 0, tokens: 0, labels: labels, dimensions: config.global.embeddingDims,
            storedFeatures: 0, storedLabels: 0)
        return learner.costs(LearnerProblem(config: config, size: size), rates: StepCosts()).seconds(cores: cores)
    }

    /// The first framework of which a data set has a config of its own; nil: of none. The demo's is there for comparison.
    func owner(of dataset: String?) -> (any Learner)? {
        guard let dataset, dataset != TrainOptions.demoDataset else { return nil }
        return Frameworks.all.first { location(of: $0, dataset)?.isDefault == false }
    }

    /// Whether a framework takes what was typed, and has a config.
    func suits(_ learner: any Learner, _ dataset: String?) -> Bool {
        let wanted = learner.requirements
        if arch != nil && !wanted.usesEncoder { return false }
        if !wanted.usesEncoder && words.contains("global.feature_type=sequential") { return false }
        return sections.allSatisfy(wanted.hasOfItsOwn) && location(of: learner, dataset ?? "default") != nil
    }

    /// The linear learner of which `--set` names a setting, and that takes all that was typed.
    func named(_ dataset: String?) -> (any Learner)? {
        let linear: [(learner: any Learner, section: ConfigSection)] = [
            (DiSMEC(), DiSMECSettings.section), (SparseSlice(), SparseSliceSettings.section),
        ]
        return linear.first { sections.contains($0.section) && suits($0.learner, dataset) }?.learner
    }

    /// Sections of what was typed after `--set`.
    private var sections: [ConfigSection] {
        words.map { ConfigSection(rawValue: String($0.prefix { $0 != "." && $0 != "=" })) }
    }

    private var words: [String] { settings.map { $0.filter { $0 != " " } } }

    /// One-vs-all, else DiSMEC, where it takes reasonable time; else the fast learner. nil: none takes what was typed.
    ///
    /// - Parameters:
    ///   - size: N and L of the data set, with the config that one-vs-all would have; nil: the demo's, which isn't there yet.
    ///   - missing: a file of embeddings that isn't there.
    func choice(
        _ dataset: String?, _ config: Config, size: (documents: Int, labels: Int)?, missing: String? = nil
    ) -> FrameworkChoice? {
        func seconds(_ learner: any Learner) -> Double {
            size.map { Self.seconds(learner, config, documents: $0.documents, labels: $0.labels) } ?? 0
        }
        let oneVsAll = seconds(OneVsAll()), isSlow = oneVsAll > Self.reasonableSeconds
        if !isSlow && missing == nil { return FrameworkChoice(.ova, .oneVsAllIsFast) }
        let why = isSlow ? FrameworkChoice.Reason.oneVsAllIsSlow(seconds: oneVsAll) : .noEmbeddings(path: missing ?? "")
        let linear = suits(DiSMEC(), dataset) ? seconds(DiSMEC()) : nil
        if let linear, linear <= Self.reasonableSeconds { return FrameworkChoice(.dismec, why) }
        if suits(SparseSlice(), dataset) { return FrameworkChoice(.sparseSlice, why, linearSeconds: linear) }
        return isSlow ? nil : FrameworkChoice(.ova, .oneVsAllIsFast)
    }

    func location(of learner: any Learner, _ dataset: String) -> (path: String, isDefault: Bool)? {
        let name = learner.name.rawValue
        let folder = try? Config.folder(
            named: configs, framework: name, workingDirectory: workingDirectory, executable: executable)
        return folder.flatMap { try? Config.locate(framework: name, dataset: dataset, configFolder: $0) }
    }
}

extension FrameworkRequirements {
    /// Whether a section of its configs is `global`, or has settings of what it trains by default.
    fileprivate func hasOfItsOwn(_ section: ConfigSection) -> Bool {
        if section == .reranker { return reranker == .byDefault }
        let isModule = [ConfigSection.surrogate, .extreme].contains(section)
        return sections.contains(section) || !isModule && schema.sections.contains(section)
    }
}

extension Frameworks {
    /// The framework that a run of a data set of such a size would get, were none named; nil: DeepXML.
    ///
    /// - Parameters:
    ///   - dataset: nil: one without a config of its own.
    ///   - configs: `--configs`.
    /// - Throws: `Failure` where the config of one-vs-all is wrong.
    public static func choice(
        dataset: String?, documents: Int, labels: Int, configs: String?, workingDirectory: String, executable: String
    ) throws -> FrameworkChoice? {
        let chooser = FrameworkChooser(configs: configs, workingDirectory: workingDirectory, executable: executable)
        if let owner = chooser.owner(of: dataset) {
            return owner is DeepXML ? nil : FrameworkChoice(owner.name, .ownConfig)
        }
        guard let path = chooser.location(of: OneVsAll(), dataset ?? "default")?.path else { return nil }
        let config = try Config.load(path: path, schema: OneVsAll().requirements.schema)
        return chooser.choice(dataset, config, size: (documents, labels))
    }
}
