import Config
import Support
import Training

extension NetworkRun {
    /// Encoder and classifiers of all labels together, on all logits.
    package func trainOnAllLabels() throws -> TrainedStages {
        let section = config.extreme
        let network = try context.network(section, .extreme, newEncoder(section, .extreme))
        func stage(_ queries: CSRMatrix) -> OneVsAllStage { OneVsAllStage(context: context, network: network, queries: queries) }
        try train(.extreme, section, network, validation: { Prediction(stage: stage(validationFeatures)) }) {
            (OneVsAllStep(truth: data.trainLabels, network: network, section: section), nil)
        }
        return TrainedStages(test: stage(data.testFeatures), validation: data.validation.map { stage($0.features) })
    }
}
