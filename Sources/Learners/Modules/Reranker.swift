import Config
import DeepXMLModel
import Devices
import Support
import Training

/// Module IV: a network of its own that scores again what a first stage likes best, whatever that stage is.
package struct Reranker {
    private let network: Network
    /// Labels of a document that are scored, at most.
    private let limit: Int
    private let labelIds: Buffer<Int32>

    /// Trained on the first stage's predictions, or taken from its checkpoint where that was done before.
    package init(training run: NetworkRun, on stages: TrainedStages) throws {
        let stage = stages.test, ofValidation = stages.validation
        let section = run.config.reranker, context = run.context
        let network = try context.network(section, .reranker, run.newEncoder(section, .reranker))
        let sizes = ShortlistSizes(
            maxPositives: section.shortlist.maxPositives, randomNegatives: 0, limit: section.shortlist.length)
        let untrained = Reranker(network: network, context)
        try run.train(
            .reranker, section, network,
            validation: { ofValidation.map { Prediction(stage: $0, reranker: untrained) } ?? Prediction(stage: stage) }
        ) {
            let negatives = try stage.negatives(sizes: sizes)
            return (
                try ShortlistStep(
                    truth: run.data.trainLabels, negatives: negatives, sizes: sizes, network: network, section: section),
                nil
            )
        }
        self.init(network: network, context)
    }

    /// - Parameter network: trained.
    package init(network: Network, _ context: LearnerContext) {
        self.network = network
        limit = min(context.config.global.topK, context.config.reranker.shortlist.length)
        labelIds = context.data.labelIds
    }

    /// Scores of the stage's candidates, with the stage's own as priors.
    func scores(after stage: any RerankableStage) throws -> PairScores {
        PairScores(network: network, features: stage.queries, labelIds: labelIds, wanted: try stage.candidates(limit))
    }
}
