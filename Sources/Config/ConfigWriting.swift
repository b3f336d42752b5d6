import Formats
import Support

extension Config {
    /// All settings as they hold, what was inherited included: canonical JSON, keys sorted, one a line.
    ///
    /// Parsing it gives an equal `Config`. Keys without effect here are left out, and keys that earlier versions did not have where no
    /// section changes them.
    public var json: String { value(ofKeysThat: { _ in true }).indentedText + "\n" }

    /// Hex digest of the settings that change a learner or its scores; not of names, of what is saved, or of how it is scored.
    public var fingerprint: String {
        hexDigits(FNV1a.hash64(learnerSettings.text.utf8))
    }

    /// The settings of the fingerprint in which two configs differ, one sentence each; empty where fingerprints are equal.
    ///
    /// - Parameter earlier: the config that a checkpoint was written with.
    public func differences(from earlier: Config) -> [String] {
        let now = flattened
        let before = earlier.flattened
        return now.keys.sorted().filter { now[$0] != before[$0] }.map {
            "\($0) is \(now[$0]?.text ?? "unset"), and was \(before[$0]?.text ?? "unset")"
        }
    }

    /// `section.key` → value of the settings of the fingerprint, so that a difference can be named.
    public var flatSettings: [String: String] { flattened.mapValues(\.text) }

    private var flattened: [String: JSONValue] {
        var settings = [String: JSONValue]()
        for section in learnerSettings.members ?? [] {
            for member in section.value.members ?? [] { settings["\(section.name).\(member.name)"] = member.value }
        }
        return settings
    }

    private var learnerSettings: JSONValue {
        let weighsPropensities = schema.modules.contains { self[module: $0].classifier.propensityWeight > 0 }
        return value { $0 == .learner || $0 == .propensity && weighsPropensities }
    }

    private func value(ofKeysThat qualify: (ConfigReach) -> Bool) -> JSONValue {
        let ofGlobal = GlobalConfig.keys.filter { !$0.isAdded || $0.read(global) != $0.read(GlobalConfig()) }
        var sections = [ConfigSection.global.rawValue: ofGlobal.value(of: global, where: qualify)]
        let keys = ModuleConfig.keys.filter { !$0.isAdded || isChanged($0) }
        for section in schema.modules {
            sections[section.rawValue] = keys.value(of: self[module: section], where: qualify)
        }
        if let own { sections[type(of: own).section.rawValue] = .sorted(own.values(where: qualify)) }
        return .sorted(sections)
    }

    /// A section's default may be what overrides the value of another that it would take, so all are looked at.
    private func isChanged(_ key: ConfigKey<ModuleConfig>) -> Bool {
        schema.modules.contains { key.read(self[module: $0]) != key.read(ModuleConfig()) }
    }
}

extension Array {
    /// The object of a section's settings, keys sorted.
    fileprivate func value<Section>(of section: Section, where qualify: (ConfigReach) -> Bool) -> JSONValue
    where Element == ConfigKey<Section> {
        .sorted(.init(uniqueKeysWithValues: filter { qualify($0.reach) }.map { ($0.name, $0.read(section)) }))
    }
}
