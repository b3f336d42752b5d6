import Formats
import Support

extension Config {
    /// The re-ranker is trained: asked for, and where the framework does not have it by itself, with a section of its own.
    public func usesReranker(_ framework: FrameworkRequirements) -> Bool {
        guard global.useReranker else { return false }
        switch framework.reranker {
        case .byDefault: return true
        case .whereWritten: return written.has(.reranker)
        case .never: return false
        }
    }

    /// Refuses a config whose values are right but mean something that the framework does not train, so that no setting is
    /// silently passed over.
    ///
    /// - Throws: `Failure` that names the setting and what it may be.
    public func requireTrainable(_ framework: FrameworkRequirements) throws {
        if !written.name.isEmpty { try requireSections(framework) }
        for requirement in framework.settings + (usesReranker(framework) ? Self.rerankerSettings : []) {
            let value = self.value(of: requirement.key, in: requirement.section)
            guard !requirement.values.contains(value) else { continue }
            let setting = "\(requirement.section.rawValue).\(requirement.key)"
            throw Failure(
                .usage, "\(setting) = \(value.text) is nothing that framework \(framework.name) trains",
                at: written.place(of: requirement.key, in: requirement.section), found: value.text,
                expected: requirement.values.map(\.text).joined(separator: " or ") + " (\(requirement.reason))",
                advice:
                    "change it in the config, or by --set \(setting)=\(requirement.values[0].string ?? requirement.values[0].text)"
            )
        }
        try requireBatches(framework)
        let normalize = Set(modules(framework).map { self[module: $0].normalize })
        if normalize.count > 1 {
            throw Failure(
                .usage, "modules disagree on normalize", at: written.name, found: "true in one section, false in another",
                expected: "the same in surrogate, extreme and reranker (features are read once)",
                advice: "write it once, in section \"global\"")
        }
    }

    private func requireBatches(_ framework: FrameworkRequirements) throws {
        let most = OptimisationConfig.largestShortlistBatch
        for section in modules(framework) where self[module: section].classifier.method != .full {
            let size = self[module: section].optimisation.batchSize
            if size <= most { continue }
            let setting = "\(section.rawValue).batch_size"
            throw Failure(
                .usage, "\(setting) = \(size) is more than a module with shortlists can hold",
                at: written.place(of: "batch_size", in: section), found: "\(size)", expected: "an integer from 1 to \(most)",
                advice: "change it in the config, or by --set \(setting)=\(most)")
        }
    }

    /// What a person should know about settings that are taken but have less effect than in the original.
    public func notices(_ framework: FrameworkRequirements) -> [String] {
        var notices = [String]()
        if global.useReranker && !usesReranker(framework) && framework.reranker != .never {
            notices.append("use_reranker without a section \"reranker\": \(framework.name) is trained without one")
        }
        return notices
    }

    /// A module keeps the labels' texts beside its classifiers or in its searches, and not only as training documents.
    public func keepsLabelText(_ framework: FrameworkRequirements) -> Bool {
        modules(framework).contains { self[module: $0].classifier.startsAtText || self[module: $0].shortlist.hasLabelText }
    }

    /// The sections whose module is trained.
    func modules(_ framework: FrameworkRequirements) -> [ConfigSection] {
        framework.modules + (usesReranker(framework) ? [.reranker] : [])
    }

    /// What a re-ranker needs, whatever framework's predictions it works on.
    private static let rerankerSettings = [
        SettingRequirement(.reranker, "model_method", [.string("reranker")], "trained on the first stage's predictions"),
        SettingRequirement(.reranker, "shortlist_method", [.string("static")], "the first stage's predictions"),
        SettingRequirement(.reranker, "freeze_intermediate", [.bool(false)], "this module trains its own encoder"),
        SettingRequirement(
            .reranker, "init", [.string("token_embeddings"), .string("random")], "where the encoder starts"),
    ]

    private func requireSections(_ framework: FrameworkRequirements) throws {
        var needed = framework.sections
        if global.useReranker && framework.reranker == .byDefault { needed.append(.reranker) }
        guard let missing = needed.first(where: { !written.has($0) }) else { return }
        throw Failure(
            .usage, "section \"\(missing.rawValue)\" is missing", at: written.name,
            expected: "sections \(needed.map(\.rawValue).joined(separator: ", ")) for framework \(framework.name)",
            advice: missing == .reranker
                ? "add it, or set \"use_reranker\": false in section \"global\""
                : "copy it from configs/\(framework.name)/default.json")
    }

    /// The value that holds for a key of a section.
    func value(of key: String, in section: ConfigSection) -> JSONValue {
        if section == .global {
            return GlobalConfig.keys.first { $0.name == key }?.read(global) ?? .null
        }
        if let own, section == type(of: own).section { return own.values { _ in true }[key] ?? .null }
        return ModuleConfig.keys.first { $0.name == key }?.read(self[module: section]) ?? .null
    }
}
