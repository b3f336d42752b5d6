import Config
import DeepXMLModel
import Devices
import Support

/// What a module's classifier is trained on, leaf by leaf of its labels.
package protocol ClassifierLoss: Sendable {
    /// Gradients reach only the rows of labels in the shortlists: Adam is lazy.
    var isSparse: Bool { get }
    /// The batch that the following `run` calls work on.
    func prepare(docs: [Int32], step: Int)
    /// Loss and gradients of the classifier rows `rows` (virtual shard `leaf`), which are updated; ∂z's part goes to
    /// `dz` (batch×ld). Leaves may run at the same time.
    func run(
        leaf: Int, rows: Range<Int>, z: UnsafePointer<Float>, batch: Int, adam: OptimiserStep, dz: UnsafeMutablePointer<Float>
    ) -> Double
    /// Divides a summed loss over `documents` documents to the mean that is reported.
    func mean(_ sum: Double, documents: Int) -> Double
}

/// A loss on all B×L logits (module I; DeepXML-OVA).
package final class FullLoss: ClassifierLoss, @unchecked Sendable {
    package let isSparse = false
    private let kernel: OneVsAllStep
    private let truth: CSRMatrix
    private let shards: LabelShards
    private let firstLabel: Int
    /// The batch's positives of each virtual shard.
    private var positives: [[(row: Int32, label: Int32)]]
    private let shardOfLabel: [Int32]

    /// - Parameter truth: N×L, binary: all labels, of which the network's classifier holds some.
    package init(truth: CSRMatrix, network: Network, section: ModuleConfig) {
        self.truth = truth
        let shards = network.labelShards
        self.shards = shards
        firstLabel = network.classifier.labels.lowerBound
        kernel = OneVsAllStep(
            classifier: network.classifier, labelCount: network.labelShards.labels, batchSize: network.batchSize,
            loss: section.lossKind, precision: section.classifierPrecision)
        positives = Array(repeating: [], count: network.labelShards.count)
        shardOfLabel = (0..<shards.count).flatMap { shard in shards.labels(ofShard: shard).map { _ in Int32(shard) } }
        if section.biasInit == "prior" { kernel.classifier.setBias(prior: truth) }
    }

    package func prepare(docs: [Int32], step: Int) {
        for shard in positives.indices { positives[shard].removeAll(keepingCapacity: true) }
        let own = firstLabel..<firstLabel + kernel.classifier.labels.count
        for (row, doc) in docs.enumerated() {
            for label in truth.columns(Int(doc)) where own.contains(Int(label)) {
                positives[Int(shardOfLabel[Int(label)])].append((Int32(row), label - Int32(firstLabel)))
            }
        }
    }

    package func run(
        leaf: Int, rows: Range<Int>, z: UnsafePointer<Float>, batch: Int, adam: OptimiserStep, dz: UnsafeMutablePointer<Float>
    ) -> Double {
        kernel.run(rows: rows, z: z, batch: batch, positives: positives[leaf][...], adam: adam, dz: dz)
    }

    package func mean(_ sum: Double, documents: Int) -> Double { sum / Double(documents) / Double(shards.labels) }
}

/// A loss over the pairs of the shortlists, sum / B (modules III and IV; DeepXML-ANNS).
package final class ShortlistLoss: ClassifierLoss, @unchecked Sendable {
    package let isSparse = true
    private let kernel: ShortlistStep
    private let pairs: LabelPairs
    private let truth: CSRMatrix
    /// Changed between epochs only.
    package var negatives: NegativeShortlists
    private let streams: RandomStreams

    package init(truth: CSRMatrix, negatives: NegativeShortlists, sizes: ShortlistSizes, network: Network, section: ModuleConfig)
    {
        self.truth = truth
        self.negatives = negatives
        streams = network.streams
        kernel = ShortlistStep(classifier: network.classifier, loss: section.lossKind)
        pairs = LabelPairs(
            labels: network.classifier.labels, labelCount: network.labelShards.labels, batchSize: network.batchSize,
            sizes: sizes)
    }

    package func prepare(docs: [Int32], step: Int) {
        pairs.assemble(docs: docs, labels: truth, negatives: negatives, stream: streams.stream(.negatives, step: step))
    }

    package func run(
        leaf: Int, rows: Range<Int>, z: UnsafePointer<Float>, batch: Int, adam: OptimiserStep, dz: UnsafeMutablePointer<Float>
    ) -> Double {
        kernel.run(rows: rows, z: z, batch: batch, pairs: pairs, adam: adam, dz: dz)
    }

    package func mean(_ sum: Double, documents: Int) -> Double { sum / Double(documents) }
}

extension ModuleConfig {
    package var lossKind: ClassifierLossKind { ClassifierLossKind(rawValue: loss) ?? .bce }

    package var classifierPrecision: ClassifierPrecision { precision == "bfloat16" ? .bfloat16 : .float32 }

    /// Of the classifiers.
    package var optimiser: OptimiserSettings {
        OptimiserSettings(kind: OptimiserSettings.Kind(rawValue: optim) ?? .adam, momentum: momentum, weightDecay: weightDecay)
    }

    package var encoderOptimiser: OptimiserSettings {
        var settings = optimiser
        settings.rateFactor = encoderRate
        return settings
    }
}
