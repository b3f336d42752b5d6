import Config
import DeepXMLModel
import Devices
import Support

/// What a module's classifier is trained on: the loss of its labels, its gradients, and the optimiser's step on W and bias.
package protocol ClassifierStep: AnyObject {
    /// Gradients reach only the rows of labels in the shortlists: Adam is lazy.
    var isSparse: Bool { get }
    /// The batches of an epoch, which `prepare` gets one after the other from any of them on. All workers of the group call it.
    func begin(_ batches: EpochBatches)
    /// The batch that the following `run` calls work on. All workers of the group call it.
    func prepare(docs: [Int32], step: Int) throws
    /// See `ClassifierOperation.run`.
    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses
    /// Divides a summed loss over `documents` documents to the mean that is reported.
    func mean(_ sum: Double, documents: Int) -> Double
}

/// A loss on all B×L logits (module I; DeepXML-OVA).
package final class OneVsAllStep: ClassifierStep {
    package let isSparse = false
    private let operation: any ClassifierOperation
    private let labels: Int
    private let streams: RandomStreams

    /// - Parameter truth: N×L, binary: all labels, of which the network's classifier holds some.
    package init(truth: CSRMatrix, network: Network, section: ModuleConfig) {
        labels = network.labelShards.labels
        streams = network.streams
        operation = network.device.oneVsAll(
            network.classifierTask(truth: truth, loss: section.lossKind), precision: section.classifierPrecision)
        if section.classifier.biasStart == .prior { network.classifier.setBias(prior: truth) }
    }

    package func begin(_ batches: EpochBatches) {}

    package func prepare(docs: [Int32], step: Int) {
        operation.prepare(docs: docs, stream: streams.stream(.negatives, step: step))
    }

    package func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses {
        operation.run(leaves, z: z, step: step, dz: dz)
    }

    package func mean(_ sum: Double, documents: Int) -> Double { sum / Double(documents) / Double(labels) }
}

/// A loss over the pairs of the shortlists, sum / B (modules III and IV; DeepXML-ANNS).
package final class ShortlistStep: ClassifierStep {
    package let isSparse = true
    private let operation: any ShortlistOperation
    private let streams: RandomStreams
    /// nil where there is nothing to share: one worker, or no random labels.
    private let draws: SharedDraws?
    /// Changed between epochs only.
    package var negatives: NegativeShortlists {
        get { operation.negatives }
        set { operation.negatives = newValue }
    }

    /// Collective.
    package init(truth: CSRMatrix, negatives: NegativeShortlists, sizes: ShortlistSizes, network: Network, section: ModuleConfig)
        throws
    {
        streams = network.streams
        operation = network.device.shortlists(
            network.classifierTask(truth: truth, loss: section.lossKind), sizes: sizes, negatives: negatives)
        draws =
            network.group.size > 1 && sizes.randomNegatives > 0
            ? try SharedDraws(
                group: network.group, shards: network.labelShards, batchSize: network.batchSize,
                labelsPerDocument: min(sizes.randomNegatives, sizes.limit)) : nil
    }

    package func begin(_ batches: EpochBatches) { draws?.begin(batches) }

    package func prepare(docs: [Int32], step: Int) throws {
        let stream = streams.stream(.negatives, step: step)
        guard let draws else { return operation.prepare(docs: docs, stream: stream) }
        let random = try draws.labels(of: step, docs: docs) { docs, step in
            operation.randomLabels(docs: docs, stream: streams.stream(.negatives, step: step))
        }
        operation.prepare(docs: docs, stream: stream, random: random)
    }

    package func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses {
        operation.run(leaves, z: z, step: step, dz: dz)
    }

    package func mean(_ sum: Double, documents: Int) -> Double { sum / Double(documents) }
}
