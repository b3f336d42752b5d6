import Config
import Support
import Training

extension NetworkRun {
    /// Encoder and classifiers of all labels together, on all logits.
    package func trainOnAllLabels() throws -> any RerankableStage {
        let section = config.extreme
        let network = try context.network(section, .extreme, newEncoder(section, .extreme))
        try train(.extreme, section, network) { (OneVsAllStep(truth: data.trainLabels, network: network, section: section), nil) }
        return OneVsAllStage(context: context, network: network, queries: data.testFeatures)
    }
}
