import Formats
import Support

/// Values as a file and `--set` say them, each with its place.
struct WrittenConfig: Sendable {
    struct Entry: Sendable {
        var value: JSONValue
        /// `file:line` or `--set key`.
        var place: String
    }
    let schema: ConfigSchema
    /// Name of the file, empty where there is none.
    let name: String
    private(set) var sections: [ConfigSection: [String: Entry]] = [:]

    init(schema: ConfigSchema, name: String = "") {
        self.schema = schema
        self.name = name
    }

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
        let rules = schema.rules(of: section).filter { $0.name == key }
        // A key of `global` itself decides alone: `beta` means another thing in the modules' sections.
        let deciding = section == .global && GlobalConfig.keys.contains { $0.name == key } ? Array(rules.prefix(1)) : rules
        if !deciding.isEmpty { return deciding.filter { !$0.accepts(value) }.map(\.expected) }
        guard let reason = KeysWithoutEffect.reasons[key] else { return nil }
        guard let only = KeysWithoutEffect.onlyValue[key], only != value else { return [] }
        return ["\(only.text): \(reason)"]
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
        guard let near = aliases[key.lowercased()] ?? suggestion(for: key, among: schema.knownKeys(of: section)) else {
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
