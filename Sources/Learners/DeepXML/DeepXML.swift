import Config
import Formats
import Training

/// DeepXML (WSDM 2021): four modules, surrogate task, shortlists, extreme classifiers, re-ranker.
package struct DeepXML: NetworkLearner {
    package init() {}
    package var requirements: FrameworkRequirements { .deepXML }
    package var modules: NetworkModules { NetworkModules(hasSurrogate: true, hasShortlists: true) }

    package func trainFirstStage(_ run: NetworkRun) throws -> TrainedStages {
        let encoder = try run.timed("surrogate", run.trainSurrogate)
        try run.control.betweenModules()
        return try run.trainOnShortlists(encoder)
    }

    package func firstStageSeconds(_ costs: NetworkCosts, cores: Double) -> [StageSeconds] {
        let clusters = min(costs.config.global.surrogateThreshold, costs.size.labels)
        let global = costs.config.global, labels = costs.size.labels
        let clustering =
            global.surrogateMethod == 1 ? costs.rates.clusters(labels: labels, clusters: clusters, workers: cores) : 0
        return [
            StageSeconds("surrogate", clustering + costs.oneVsAll(costs.config.surrogate, labels: clusters, cores: cores)),
            StageSeconds("shortlists", costs.search(cores: cores)),
            StageSeconds("extreme", costs.extremeOnShortlists(cores: cores)),
        ]
    }
}

extension FrameworkName {
    public static let deepXML = FrameworkName("DeepXML")
}

extension FrameworkRequirements {
    public static let deepXML = FrameworkRequirements(
        name: .deepXML, sections: [.global, .surrogate, .extreme], modules: [.surrogate, .extreme], reranker: .byDefault,
        settings: [
            SettingRequirement(.surrogate, "model_method", [.string("full")], "one-vs-all over clusters"),
            SettingRequirement(.surrogate, "freeze_intermediate", [.bool(false)], "this module trains the encoder"),
            .startOfEncoder(.surrogate), .shortlistTraining,
        ], weighsShortlist: true)
}

extension SettingRequirement {
    /// An encoder that no module was trained before.
    static func startOfEncoder(_ section: ConfigSection) -> SettingRequirement {
        SettingRequirement(
            section, "init", [.string("token_embeddings"), .string("random"), .string("pretrained")], "where the encoder starts")
    }

    static let shortlistTraining = SettingRequirement(
        .extreme, "model_method", [.string("shortlist"), .string("ns")], "trained on shortlists")
}
