import Formats

/// The name of a way to train a learner, as after `--framework`, in paths and in `model.json`: `DeepXML`, `DeepXML-OVA`.
///
/// A name alone: what belongs to it stands in `Frameworks`, above this target.
public struct FrameworkName: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ name: String) { rawValue = name }
    public var description: String { rawValue }
}

/// When a framework's learners get a re-ranker.
public enum RerankerUse: Sendable {
    /// Unless `global.use_reranker` is false; its section must be there.
    case byDefault
    /// Where the config has a section `reranker` and does not turn it off.
    case whereWritten
    /// Never: the framework has no such module.
    case never
}

/// A setting that must have one of some values, since the framework trains nothing else.
public struct SettingRequirement: Sendable {
    public let section: ConfigSection
    public let key: String
    public let values: [JSONValue]
    public let reason: String

    public init(_ section: ConfigSection, _ key: String, _ values: [JSONValue], _ reason: String) {
        self.section = section
        self.key = key
        self.values = values
        self.reason = reason
    }
}

/// What a framework asks of a config and a command line. Its folder in Learners makes this value; the checks are here.
public struct FrameworkRequirements: Sendable {
    public var name: FrameworkName
    /// The sections that its configs may have, its own included.
    public var schema: ConfigSchema
    /// Those that a file must have; the re-ranker's apart.
    public var sections: [ConfigSection]
    /// Those of the modules with a `ModuleConfig` that are trained, in their order; the re-ranker's apart.
    public var modules: [ConfigSection]
    public var reranker: RerankerUse
    public var settings: [SettingRequirement]
    /// What stands for the architecture in paths where there is no encoder, such as `Linear`; nil: there is one, and `--arch`
    /// names it.
    public var archWithoutEncoder: String?

    /// Scores of classifiers are weighed by β against those of a shortlist.
    public var weighsShortlist: Bool

    public var usesEncoder: Bool { archWithoutEncoder == nil }

    public init(
        name: FrameworkName, schema: ConfigSchema = .modules, sections: [ConfigSection], modules: [ConfigSection] = [],
        reranker: RerankerUse, settings: [SettingRequirement] = [], archWithoutEncoder: String? = nil,
        weighsShortlist: Bool = false
    ) {
        self.name = name
        self.schema = schema
        self.sections = sections
        self.modules = modules
        self.reranker = reranker
        self.settings = settings
        self.archWithoutEncoder = archWithoutEncoder
        self.weighsShortlist = weighsShortlist
    }
}
