import Formats

/// A section of a config file.
public struct ConfigSection: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let global = ConfigSection(rawValue: "global")
    public static let surrogate = ConfigSection(rawValue: "surrogate")
    public static let extreme = ConfigSection(rawValue: "extreme")
    public static let reranker = ConfigSection(rawValue: "reranker")

    /// The sections that say this section's settings, the one that decides first.
    ///
    /// The original's `runner.py` updates one set of parameters in the order global, surrogate, extreme, global, reranker;
    /// a key that a section leaves out keeps the value that it had. A framework's own section inherits from global alone.
    var inheritance: [ConfigSection] {
        switch self {
        case .global: [.global]
        case .extreme: [.extreme, .surrogate, .global]
        case .reranker: [.reranker, .global, .extreme, .surrogate]
        default: [self, .global]
        }
    }
}

/// A section of a framework's own: its settings, with their defaults, and their keys.
///
/// Keys get what those of all sections have: files, `--set`, suggestions, `config.json`, fingerprints. A key may also stand in
/// `global`.
public protocol FrameworkSection: Sendable, Equatable {
    /// Settings as they are where no file says them.
    init()
    static var section: ConfigSection { get }
    static var keys: [ConfigKey<Self>] { get }
}

/// Which sections a config may have, and which keys stand in them.
public struct ConfigSchema: Sendable {
    /// Sections of keys of `ModuleConfig`.
    let modules: [ConfigSection]
    /// The framework's own.
    let own: (any FrameworkSection.Type)?

    /// Of the original's frameworks: surrogate, extreme, reranker.
    public static let modules = ConfigSchema(modules: [.surrogate, .extreme, .reranker], own: nil)

    /// `global` and a framework's own section, with a section for a re-ranker where the framework may have one.
    public static func own(_ section: any FrameworkSection.Type, reranker: Bool = false) -> ConfigSchema {
        ConfigSchema(modules: reranker ? [.reranker] : [], own: section)
    }

    /// All, in the order of files.
    public var sections: [ConfigSection] { [.global] + (own.map { [$0.section] } ?? []) + modules }

    /// Every key that may stand in a section, those without effect included.
    func knownKeys(of section: ConfigSection) -> [String] {
        var own = [String]()
        for name in rules(of: section).map(\.name) where !own.contains(name) { own.append(name) }
        return own + KeysWithoutEffect.reasons.keys.filter { !own.contains($0) }.sorted()
    }

    /// Keys of a section, the ones that decide first; in `global` also those of the other sections, which hold for these.
    func rules(of section: ConfigSection) -> [KeyRule] {
        let its = own.map { Self.rules(of: $0) } ?? []
        if section == .global { return Self.ofGlobal + its + (modules.isEmpty ? [] : Self.ofModules) }
        return section == own?.section ? its : modules.contains(section) ? Self.ofModules : []
    }

    private static let ofGlobal = GlobalConfig.keys.map { $0.rule() }
    private static let ofModules = ModuleConfig.keys.map { $0.rule() }

    private static func rules<Own: FrameworkSection>(of type: Own.Type) -> [KeyRule] { Own.keys.map { $0.rule() } }
}

/// Whether a key takes a value, whatever section it is of.
struct KeyRule: Sendable {
    let name: String
    let expected: String
    let accepts: @Sendable (JSONValue) -> Bool
}

/// A section's settings that start from defaults.
protocol SectionDefaults {
    init()
}
extension GlobalConfig: SectionDefaults {}
extension ModuleConfig: SectionDefaults {}

extension ConfigKey where Section: SectionDefaults {
    fileprivate func rule() -> KeyRule { rule(over: Section()) }
}

extension ConfigKey where Section: FrameworkSection {
    fileprivate func rule() -> KeyRule { rule(over: Section()) }
}

extension ConfigKey {
    private func rule(over defaults: Section) -> KeyRule {
        KeyRule(name: name, expected: expected) { value in
            var scratch = defaults
            return write(&scratch, value)
        }
    }
}

extension FrameworkSection {
    /// Writes a value that was checked; false where there is no such key.
    mutating func take(_ name: String, _ value: JSONValue) -> Bool {
        guard let key = Self.keys.first(where: { $0.name == name }) else { return false }
        return key.write(&self, value)
    }

    /// The settings that qualify, by key.
    func values(where qualify: (ConfigReach) -> Bool) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: Self.keys.filter { qualify($0.reach) }.map { ($0.name, $0.read(self)) })
    }

    func equals(_ other: (any FrameworkSection)?) -> Bool { other as? Self == self }
}
