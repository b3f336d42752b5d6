import Formats
import Foundation
import Support

extension Config {
    /// Reads and checks a config file.
    ///
    /// - Parameter schema: of the framework that is to be trained.
    /// - Throws: `Failure` that names file, line and key: no such file, no JSON, an unknown section or key (with the nearest
    ///   known one), a value of the wrong type or out of range.
    public static func load(path: String, schema: ConfigSchema = .modules) throws -> Config {
        let data: Data
        do {
            // Data(contentsOf:) refuses a pipe, such as --config <(…).
            data = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd() ?? Data()
        } catch {
            let exists = FileManager.default.fileExists(atPath: path)
            throw Failure(
                .usage, exists ? "cannot read the config file" : "no such config file", at: path,
                expected: "a JSON file with the sections \(schema.listed)",
                advice: exists ? "check that you may read it" : "check --config")
        }
        return try parse(data: Array(data), name: path, schema: schema)
    }

    /// Decodes the text of a config file; `name` is the place that errors give.
    ///
    /// Sections inherit as in the original's `runner.py` (see `ConfigSection.inheritance`); what no section says gets the
    /// default of the original's `parameters.py`.
    public static func parse(data: some Sequence<UInt8>, name: String, schema: ConfigSchema = .modules) throws -> Config {
        let document = try JSONValue.parse(Array(data), name: name)
        guard let sections = document.members else {
            throw Failure(
                .usage, "not a config file", at: name, found: document.text,
                expected: "an object of sections: {\"global\": {…}, …}")
        }
        var config = whereAbsent
        config.written = WrittenConfig(schema: schema, name: name)
        config.own = schema.own.map { $0.init() }
        try refuseFlatLayout(sections, name: name)
        for section in sections { try config.written.take(section, file: name) }
        config.resolveAll()
        return config
    }

    /// The original's files before it had sections, such as `"lr_org": 0.002`; its own runner reads them no more.
    private static func refuseFlatLayout(_ members: [JSONValue.Member], name: String) throws {
        let old = Set(["lr_aux", "lr_org", "lr_rnk", "lr_ns", "aux_threshold", "num_epochs_org", "num_epochs_ns", "dlr_step_org"])
        guard let member = members.first(where: { old.contains($0.name) }) else { return }
        throw Failure(
            .usage, "a config of the original's oldest layout, without sections", at: "\(name):\(member.line)",
            found: "\"\(member.name)\" at the top level", expected: "sections global, surrogate, extreme and reranker",
            advice: "write \"…_aux\" as keys of surrogate, \"…_org\" of extreme, \"…_rnk\" of reranker, "
                + "as in configs/DeepXML/default.json")
    }

    /// What the original assumes for a key that no section says (its `parameters.py`).
    public static let whereAbsent: Config = {
        var config = Config()
        config.global.topK = 50
        for section in [ConfigSection.surrogate, .extreme, .reranker] {
            config[module: section].optimisation.batchSize = 64
            config[module: section].optimisation.optimiser = .sgd
            config[module: section].shortlist.negativeSampling = .centroids
            config[module: section].normalize = false
            config[module: section].shortlist.usesIntermediate = false
        }
        return config
    }()
}

extension WrittenConfig {
    /// Takes one section of a file.
    fileprivate mutating func take(_ member: JSONValue.Member, file: String) throws {
        let place = "\(file):\(member.line)"
        let section = ConfigSection(rawValue: member.name)
        guard schema.sections.contains(section) else {
            let names = schema.sections.map(\.rawValue)
            throw Failure(
                .usage, "unknown section \"\(member.name)\"", at: place, found: member.name,
                expected: names.joined(separator: ", "),
                advice: suggestion(for: member.name, among: names).map { "did you mean \"\($0)\"?" } ?? "remove it")
        }
        guard let entries = member.value.members else {
            throw Failure(
                .usage, "section \"\(member.name)\" is not an object", at: place, found: member.value.text,
                expected: "{\"key\": value, …}")
        }
        begin(section)
        for entry in entries { try write(entry.name, entry.value, in: section, at: "\(file):\(entry.line)") }
    }
}

extension Config {
    /// The settings of one module's section.
    ///
    /// - Precondition: `section` is `surrogate`, `extreme` or `reranker`: others hold settings of other types.
    public subscript(module section: ConfigSection) -> ModuleConfig {
        get { self[keyPath: Self.path(of: section)] }
        set { self[keyPath: Self.path(of: section)] = newValue }
    }

    private static func path(of section: ConfigSection) -> WritableKeyPath<Config, ModuleConfig> {
        switch section {
        case .surrogate: \.surrogate
        case .extreme: \.extreme
        case .reranker: \.reranker
        default: preconditionFailure("section \(section.rawValue) is no module")
        }
    }

    mutating func resolveAll() {
        var seen = Set<String>()
        for section in schema.sections {
            for key in schema.rules(of: section) where seen.insert(key.name).inserted { resolve(key.name) }
        }
    }

    /// Writes what is said of one key into the sections that have it; a section that nobody speaks to stays as it is.
    mutating func resolve(_ name: String) {
        if let key = GlobalConfig.key(name), let entry = written.entry(name, in: .global) {
            _ = key.write(&global, entry.value)
        }
        if let key = ModuleConfig.key(name) {
            for section in schema.modules {
                guard let entry = written.entry(name, in: section) else { continue }
                _ = key.write(&self[module: section], entry.value)
            }
        }
        if let section = schema.own?.section, let entry = written.entry(name, in: section) { _ = own?.take(name, entry.value) }
        // As in the original, the re-ranker's shortlist is what the first stage predicts, not what `extreme` trains on.
        if written.sections[.reranker]?["num_nbrs"] == nil { reranker.shortlist.length = global.topK }
    }
}

extension ConfigSchema {
    /// `global, surrogate, extreme and reranker`.
    fileprivate var listed: String {
        let names = sections.map(\.rawValue)
        return names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
}
