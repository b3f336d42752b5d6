import Config
import Formats
import Training

/// DeepXML-ANNS: one module, encoder and classifiers together, on label shortlists that follow the encoder.
package struct ANNS: NetworkLearner {
    package init() {}
    package var requirements: FrameworkRequirements { .anns }
    package var modules: NetworkModules { NetworkModules(hasShortlists: true) }

    package func trainFirstStage(_ run: NetworkRun) throws -> TrainedStages {
        try run.trainOnShortlists(try run.newEncoder(run.config.extreme, .extreme))
    }

    package func firstStageSeconds(_ costs: NetworkCosts, cores: Double) -> [StageSeconds] {
        let section = costs.config.extreme
        let again = section.shortlist.searchesAnew ? (section.optimisation.epochs - 1) / section.shortlist.period : 0
        let searches = section.encoder.isFrozen ? 1 : 2 + again
        return [
            StageSeconds("shortlists", Double(searches) * costs.search(cores: cores)),
            StageSeconds("extreme", costs.extremeOnShortlists(cores: cores)),
        ]
    }
}

extension FrameworkName {
    public static let anns = FrameworkName("DeepXML-ANNS")
}

extension FrameworkRequirements {
    public static let anns = FrameworkRequirements(
        name: .anns, sections: [.global, .extreme], modules: [.extreme], reranker: .whereWritten,
        settings: [.shortlistTraining, .startOfEncoder(.extreme)], weighsShortlist: true)
}
