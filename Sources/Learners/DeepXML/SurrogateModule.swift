import Config
import DeepXMLModel
import Support
import Training

extension NetworkRun {
    /// Module I: trained on clusters of labels, for the encoder's coarse part alone.
    ///
    /// - Returns: the encoder of module III, which begins with that part.
    package func trainSurrogate() throws -> any GroupEncoder {
        let next = try context.newEncoder(config.extreme, .extreme)
        if let done = try run.pinned(.surrogate) {
            try next.restoreCoarse(done)
            return next
        }
        let section = config.surrogate, task = try SurrogateTask(run: self)
        let encoder = try newEncoder(section, .surrogate)
        let network = try Network(
            batchSize: section.optimisation.batchSize, group: group, encoder: encoder,
            labelShards: LabelShards.cut(costs: Array(repeating: 1, count: task.truth.cols)),
            streams: context.streams(.surrogate),
            optimiser: section.optimiser, hasBias: section.classifier.bias)
        try TrainingLoop(
            module: .surrogate, config: section, network: network,
            loss: OneVsAllStep(truth: task.truth, network: network, section: section),
            features: task.features, control: control
        ).run(from: run.checkpoint(within: .surrogate))
        try run.pin(.surrogate, epoch: section.optimisation.epochs, encoder.storedCoarse())
        // With `init` other than `intermediate` the original starts module III afresh; no config of its does.
        next.copyCoarse(from: encoder)
        return next
    }
}
