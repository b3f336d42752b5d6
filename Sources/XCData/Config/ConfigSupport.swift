import Diagnostics

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
    /// Refuses a config whose values are right but mean something that framework DeepXML does not train here, so that no
    /// setting is silently passed over.
    ///
    /// - Throws: `Failure` that names the setting and what it may be.
    public func requireTrainable() throws {
        if !written.name.isEmpty { try requireSections() }
        for requirement in requirements {
            let value = self.value(of: requirement.key, in: requirement.section)
            guard !requirement.values.contains(value) else { continue }
            let setting = "\(requirement.section.rawValue).\(requirement.key)"
            throw Failure(
                .usage, "\(setting) = \(value.text) is nothing that framework DeepXML trains in this release",
                at: written.place(of: requirement.key, in: requirement.section), found: value.text,
                expected: requirement.values.map(\.text).joined(separator: " or ") + " (\(requirement.reason))",
                advice:
                    "change it in the config, or by --set \(setting)=\(requirement.values[0].string ?? requirement.values[0].text)"
            )
        }
        let normalize = Set([surrogate.normalize, extreme.normalize, reranker.normalize].prefix(global.useReranker ? 3 : 2))
        if normalize.count > 1 {
            throw Failure(
                .usage, "modules disagree on normalize", at: written.name, found: "true in one section, false in another",
                expected: "the same in surrogate, extreme and reranker (features are read once)",
                advice: "write it once, in section \"global\"")
        }
    }

    /// What a person should know about settings that are taken but have less effect than in the original.
    public var notices: [String] {
        var notices = [String]()
        for section in [ConfigSection.surrogate, .extreme, .reranker] {
            guard let entry = written.sections[section]?["num_centroids"], let count = entry.value.integer, count > 1 else {
                continue
            }
            notices.append("\(section.rawValue).num_centroids is \(count): every label gets one centroid in this release")
        }
        if extreme.numClfPartitions > 1 {
            notices.append("extreme.num_clf_partitions is without effect: labels are cut by the number of workers")
        }
        return notices
    }

    private var requirements: [Requirement] {
        let modules: [ConfigSection] = global.useReranker ? [.surrogate, .extreme, .reranker] : [.surrogate, .extreme]
        let everywhere = modules.flatMap { section in
            [
                Requirement(section, "optim", [.string("Adam")], "the optimiser of all modules"),
                Requirement(section, "weight_decay", [.number(0)], "weights are not decayed"),
            ]
        }
        let starts: [JSONValue] = [.string("token_embeddings"), .string("random")]
        let fixed = [
            Requirement(.global, "feature_type", [.string("sparse")], "the type of features that is read"),
            Requirement(.global, "surrogate_method", [.number(1)], "clusters of labels"),
            Requirement(.surrogate, "model_method", [.string("full")], "one-vs-all over clusters"),
            Requirement(.surrogate, "freeze_intermediate", [.bool(false)], "this module trains the encoder"),
            Requirement(.surrogate, "init", starts, "where the encoder starts"),
            Requirement(.extreme, "model_method", [.string("shortlist")], "trained on shortlists"),
            Requirement(.extreme, "shortlist_method", [.string("hybrid")], "shortlist and random negatives"),
            Requirement(.extreme, "ns_method", [.string("ensemble")], "centroids and nearest documents; gamma weighs them"),
            Requirement(.extreme, "freeze_intermediate", [.bool(true)], "the surrogate's encoder is kept"),
            Requirement(.extreme, "use_intermediate_for_shorty", [.bool(true)], "the search is over the frozen encoder's output"),
        ]
        let reranking = [
            Requirement(.reranker, "model_method", [.string("reranker")], "trained on the first stage's predictions"),
            Requirement(.reranker, "shortlist_method", [.string("static")], "the first stage's predictions"),
            Requirement(.reranker, "freeze_intermediate", [.bool(false)], "this module trains its own encoder"),
            Requirement(.reranker, "init", starts, "where the encoder starts"),
        ]
        return everywhere + fixed + (global.useReranker ? reranking : [])
    }

    private func requireSections() throws {
        var needed: [ConfigSection] = [.global, .surrogate, .extreme]
        if global.useReranker { needed.append(.reranker) }
        guard let missing = needed.first(where: { !written.has($0) }) else { return }
        throw Failure(
            .usage, "section \"\(missing.rawValue)\" is missing", at: written.name,
            expected: "sections \(needed.map(\.rawValue).joined(separator: ", ")) for framework DeepXML",
            advice: missing == .reranker
                ? "add it, or set \"use_reranker\": false in section \"global\""
                : "copy it from configs/DeepXML/default.json")
    }

    /// The value that holds for a key of a section.
    func value(of key: String, in section: ConfigSection) -> JSONValue {
        if section == .global {
            return GlobalConfig.keys.first { $0.name == key }?.read(global) ?? .null
        }
        return ModuleConfig.keys.first { $0.name == key }?.read(self[module: section]) ?? .null
    }
}
