import Config
import Formats
import Training

/// DeepXML-OVA: one module, encoder and classifiers of all labels together, on all B×L logits.
package struct OneVsAll: NetworkLearner {
    package init() {}
    package var requirements: FrameworkRequirements { .ova }
    package var modules: NetworkModules { NetworkModules() }

    package func trainFirstStage(_ run: NetworkRun) throws -> TrainedStages {
        try run.timed("extreme", run.trainOnAllLabels)
    }

    package func firstStageSeconds(_ costs: NetworkCosts, cores: Double) -> [StageSeconds] {
        [StageSeconds("extreme", costs.oneVsAll(costs.config.extreme, labels: costs.size.labels, cores: cores))]
    }
}

extension FrameworkName {
    public static let ova = FrameworkName("DeepXML-OVA")
}

extension FrameworkRequirements {
    public static let ova = FrameworkRequirements(
        name: .ova, sections: [.global, .extreme], modules: [.extreme], reranker: .whereWritten,
        settings: [
            SettingRequirement(.extreme, "model_method", [.string("full")], "trained on all labels"),
            .startOfEncoder(.extreme),
        ])
}
