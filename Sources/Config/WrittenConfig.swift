import Formats
import Support

/// The four sections of a config file.
public enum ConfigSection: String, CaseIterable, Sendable {
    case global, surrogate, extreme, reranker

    /// The sections that say this section's settings, the one that decides first.
    ///
    /// The original's `runner.py` updates one set of parameters in the order global, surrogate, extreme, global, reranker;
    /// a key that a section leaves out keeps the value that it had.
    var inheritance: [ConfigSection] {
        switch self {
        case .global: [.global]
        case .surrogate: [.surrogate, .global]
        case .extreme: [.extreme, .surrogate, .global]
        case .reranker: [.reranker, .global, .extreme, .surrogate]
        }
    }

    /// Every key that may stand in this section.
    var knownKeys: [String] {
        let own = (self == .global ? GlobalConfig.keys.map(\.name) : []) + ModuleConfig.keys.map(\.name)
        return own + KeysWithoutEffect.reasons.keys.filter { !own.contains($0) }.sorted()
    }
}

/// Values as a file and `--set` say them, each with its place.
struct WrittenConfig: Sendable {
    struct Entry: Sendable {
        var value: JSONValue
        /// `file:line` or `--set key`.
        var place: String
    }
    /// Name of the file, empty where there is none.
    var name = ""
    private(set) var sections: [ConfigSection: [String: Entry]] = [:]

    func has(_ section: ConfigSection) -> Bool { sections[section] != nil }

    /// The entry that decides a key of a section, inherited where the section itself leaves it out.
    func entry(_ key: String, in section: ConfigSection) -> Entry? {
        section.inheritance.lazy.compactMap { sections[$0]?[key] }.first
    }

    func place(of key: String, in section: ConfigSection) -> String {
        entry(key, in: section)?.place ?? (name.isEmpty ? "\(section.rawValue).\(key)" : name)
    }

    mutating func begin(_ section: ConfigSection) { sections[section, default: [:]] = sections[section] ?? [:] }

    /// Takes one value after checking key, type and range; the same checks for files and for `--set`.
    mutating func write(_ key: String, _ value: JSONValue, in section: ConfigSection, at place: String) throws {
        try check(key, value, in: section, at: place)
        sections[section, default: [:]][key] = Entry(value: value, place: place)
    }

    private func check(_ key: String, _ value: JSONValue, in section: ConfigSection, at place: String) throws {
        let expectations = expectations(of: key, in: section, refusing: value)
        guard let expectations else { throw unknown(key, in: section, at: place) }
        guard expectations.isEmpty else {
            throw Failure(
                .usage, "\(section.rawValue).\(key) has a value that it cannot have", at: place, found: value.text,
                expected: expectations.joined(separator: "; "))
        }
    }

    /// What the key would accept where it refuses the value: empty where it takes it, nil where no such key exists.
    private func expectations(of key: String, in section: ConfigSection, refusing value: JSONValue) -> [String]? {
        var expectations = [String]()
        var known = false
        if section == .global, let global = GlobalConfig.keys.first(where: { $0.name == key }) {
            var scratch = GlobalConfig()
            known = true
            if !global.write(&scratch, value) { expectations.append(global.expected) }
        }
        if let module = ModuleConfig.keys.first(where: { $0.name == key }) {
            var scratch = ModuleConfig()
            if !known, !module.write(&scratch, value) { expectations.append(module.expected) }
            known = true
        }
        if !known, let reason = KeysWithoutEffect.reasons[key] {
            known = true
            if let only = KeysWithoutEffect.onlyValue[key], only != value { expectations.append("\(only.text): \(reason)") }
        }
        return known ? expectations : nil
    }

    private func unknown(_ key: String, in section: ConfigSection, at place: String) -> Failure {
        let failure = Failure(
            .usage, "unknown key \"\(key)\" in section \"\(section.rawValue)\"", at: place, found: key,
            expected: "a key of section \"\(section.rawValue)\" (README.md, \"Configuration\", lists them)")
        return failure.advising(advice(for: key, in: section))
    }

    private func advice(for key: String, in section: ConfigSection) -> String {
        /// Command-line names of the original's parameters whose key is another word, and common short forms.
        let aliases = [
            "lr": "learning_rate", "m": "momentum", "w": "weight_decay", "epochs": "num_epochs", "topk": "top_k",
            "last_saved_epoch": "last_epoch", "num_neighbours": "num_nbrs", "initialisation": "init",
        ]
        if section != .global, GlobalConfig.keys.contains(where: { $0.name == key }) { return "move it to section \"global\"" }
        guard let near = aliases[key.lowercased()] ?? suggestion(for: key, among: section.knownKeys) else {
            return "remove it, or look for the key in another section"
        }
        return "did you mean \"\(near)\"?"
    }
}

extension Failure {
    func advising(_ advice: String) -> Failure {
        var failure = self
        failure.advice = advice
        return failure
    }
}
