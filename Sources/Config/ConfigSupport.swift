import Formats
import Support

/// A setting that a framework needs to have one of some values, since it trains nothing else yet.
private struct Requirement {
    let section: ConfigSection
    let key: String
    let values: [JSONValue]
    let reason: String

    init(_ section: ConfigSection, _ key: String, _ values: [JSONValue], _ reason: String) {
        self.section = section
        self.key = key
        self.values = values
        self.reason = reason
    }
}

extension Config {
    /// The re-ranker is trained: asked for, and where the framework does not have it by itself, with a section of its own.
    public func usesReranker(_ framework: Framework) -> Bool {
        global.useReranker && (framework == .deepXML || written.has(.reranker))
    }

    /// Refuses a config whose values are right but mean something that the framework does not train, so that no setting is
    /// silently passed over.
    ///
    /// - Throws: `Failure` that names the setting and what it may be.
    public func requireTrainable(_ framework: Framework) throws {
        if !written.name.isEmpty { try requireSections(framework) }
        for requirement in requirements(framework) {
            let value = self.value(of: requirement.key, in: requirement.section)
            guard !requirement.values.contains(value) else { continue }
            let setting = "\(requirement.section.rawValue).\(requirement.key)"
            throw Failure(
                .usage, "\(setting) = \(value.text) is nothing that framework \(framework.rawValue) trains",
                at: written.place(of: requirement.key, in: requirement.section), found: value.text,
                expected: requirement.values.map(\.text).joined(separator: " or ") + " (\(requirement.reason))",
                advice:
                    "change it in the config, or by --set \(setting)=\(requirement.values[0].string ?? requirement.values[0].text)"
            )
        }
        let normalize = Set(modules(framework).map { self[module: $0].normalize })
        if normalize.count > 1 {
            throw Failure(
                .usage, "modules disagree on normalize", at: written.name, found: "true in one section, false in another",
                expected: "the same in surrogate, extreme and reranker (features are read once)",
                advice: "write it once, in section \"global\"")
        }
    }

    /// What a person should know about settings that are taken but have less effect than in the original.
    public func notices(_ framework: Framework) -> [String] {
        var notices = [String]()
        if global.useReranker && !usesReranker(framework) {
            notices.append("use_reranker without a section \"reranker\": \(framework.rawValue) is trained without one")
        }
        return notices
    }

    /// The sections whose module is trained.
    func modules(_ framework: Framework) -> [ConfigSection] {
        (framework == .deepXML ? [.surrogate, .extreme] : [.extreme]) + (usesReranker(framework) ? [.reranker] : [])
    }

    private func requirements(_ framework: Framework) -> [Requirement] {
        let starts: [JSONValue] = [.string("token_embeddings"), .string("random")]
        var requirements: [Requirement] = []
        switch framework {
        case .deepXML:
            requirements = [
                Requirement(.surrogate, "model_method", [.string("full")], "one-vs-all over clusters"),
                Requirement(.surrogate, "freeze_intermediate", [.bool(false)], "this module trains the encoder"),
                Requirement(.surrogate, "init", starts, "where the encoder starts"),
                Requirement(.extreme, "model_method", [.string("shortlist"), .string("ns")], "trained on shortlists"),
            ]
        case .ova:
            requirements = [
                Requirement(.extreme, "model_method", [.string("full")], "trained on all labels"),
                Requirement(.extreme, "init", starts, "where the encoder starts"),
            ]
        case .anns:
            requirements = [
                Requirement(.extreme, "model_method", [.string("shortlist"), .string("ns")], "trained on shortlists"),
                Requirement(.extreme, "init", starts, "where the encoder starts"),
            ]
        }
        guard usesReranker(framework) else { return requirements }
        return requirements + [
            Requirement(.reranker, "model_method", [.string("reranker")], "trained on the first stage's predictions"),
            Requirement(.reranker, "shortlist_method", [.string("static")], "the first stage's predictions"),
            Requirement(.reranker, "freeze_intermediate", [.bool(false)], "this module trains its own encoder"),
            Requirement(.reranker, "init", starts, "where the encoder starts"),
        ]
    }

    private func requireSections(_ framework: Framework) throws {
        var needed = framework.sections
        if global.useReranker && framework == .deepXML { needed.append(.reranker) }
        guard let missing = needed.first(where: { !written.has($0) }) else { return }
        throw Failure(
            .usage, "section \"\(missing.rawValue)\" is missing", at: written.name,
            expected: "sections \(needed.map(\.rawValue).joined(separator: ", ")) for framework \(framework.rawValue)",
            advice: missing == .reranker
                ? "add it, or set \"use_reranker\": false in section \"global\""
                : "copy it from configs/\(framework.rawValue)/default.json")
    }

    /// The value that holds for a key of a section.
    func value(of key: String, in section: ConfigSection) -> JSONValue {
        if section == .global {
            return GlobalConfig.keys.first { $0.name == key }?.read(global) ?? .null
        }
        return ModuleConfig.keys.first { $0.name == key }?.read(self[module: section]) ?? .null
    }
}
