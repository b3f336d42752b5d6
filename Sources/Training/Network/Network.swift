import DeepXMLModel
import Devices
import Support
import Transport

/// How a module's network is built: which parts learn, and how much dropout keeps.
package struct NetworkShape {
    /// D of the token embeddings.
    package var dims: Int
    package var batchSize: Int
    /// The encoder's coarse part is trained with the rest; else it is fixed, without dropout on it.
    package var trainsEncoder: Bool
    /// Share of x̂ that dropout keeps in training (Astec).
    package var encoderKeep: Float
    /// Share of the residual's activation that dropout keeps; nil: no residual (Astec).
    package var residualKeep: Float?
    package var optimiser = OptimiserSettings()
}

/// Encoder and classifier of one module, spread over a group: the classifier by rows of W.
///
/// One batch is one batch, however many workers share it: the encoder leaves all of z on each, each runs its labels, and
/// the parts of ∂z meet in a fixed tree (DESIGN.md §2). Used by one thread of its worker; the threads of the team only
/// meet disjoint leaves.
package final class Network: @unchecked Sendable {
    package let batchSize: Int
    package let group: WorkerGroup
    package let encoder: any GroupEncoder
    package let classifier: ClassifierShard
    package let labelShards: LabelShards
    package let streams: RandomStreams
    private let optimiser: OptimiserSettings

    /// Of the last batch: rows×D with padding.
    package let z: Tensor
    private let dz: Tensor
    private let reduction: TreeReduction
    private let leafSums: LeafSums
    private let partials: [Tensor]
    private let leafLoss: Buffer<Double>

    package init(
        batchSize: Int, group: WorkerGroup, encoder: any GroupEncoder, labelShards: LabelShards, streams: RandomStreams,
        optimiser: OptimiserSettings, hasBias: Bool = true
    ) {
        self.batchSize = batchSize
        self.group = group
        self.encoder = encoder
        self.labelShards = labelShards
        self.streams = streams
        self.optimiser = optimiser
        let labels = labelShards.labels(ofWorker: group.rank, workers: group.size), device = group.device
        classifier = ClassifierShard(labels: labels, dims: encoder.outputDims, hasBias: hasBias, streams, on: device)
        z = device.paddedTensor(rows: batchSize, dims: encoder.outputDims)
        dz = device.paddedTensor(rows: batchSize, dims: encoder.outputDims)
        let runs = (0..<group.size).map { labelShards.shards(ofWorker: $0, workers: group.size) }
        reduction = TreeReduction(over: group.communicator, leaves: labelShards.count, runs: runs)
        leafSums = LeafSums(rows: batchSize, cols: z.stride, on: device)
        let stride = z.stride
        partials = reduction.ownNodes.map { _ in device.tensor(rows: batchSize, cols: stride) }
        leafLoss = Buffer(count: labelShards.count)
    }

    /// The label rows of this worker's classifier that virtual shard `leaf` holds.
    package func classifierRows(ofLeaf leaf: Int) -> Range<Int> {
        let labels = labelShards.labels(ofShard: leaf), first = classifier.labels.lowerBound
        return labels.lowerBound - first..<labels.upperBound - first
    }

    /// Computes z of at most `batchSize` documents, without dropout.
    package func encode(_ batch: DocumentBatch) throws { try encoder.forward(batch, step: nil, z: z) }

    /// Call once between training and `encode`.
    package func prepareForPrediction() { encoder.prepareForPrediction() }

    /// One step of training.
    ///
    /// - Parameters:
    ///   - step: number of the step in its module, from 0.
    ///   - loss: what the classifier is trained on.
    /// - Returns: this worker's part of the summed loss.
    package func step(_ batch: DocumentBatch, step: Int, learningRate: Double, loss: any ClassifierLoss) throws -> Double {
        try encoder.forward(batch, step: step, z: z)
        loss.prepare(docs: batch.docs, step: step)
        let rows = batch.rows
        let adam =
            loss.isSparse
            ? optimiser.lazy(learningRate: learningRate, step: step + 1)
            : optimiser.dense(learningRate: learningRate, step: step + 1)
        for (node, partial) in zip(reduction.ownNodes, partials) {
            leafSums.sum(node.leaves, into: partial) { [self] leaf, out in
                let labels = classifierRows(ofLeaf: leaf)
                leafLoss[leaf] = loss.run(
                    leaf: leaf, rows: labels, z: z.hostPointer, batch: rows, adam: adam, dz: out.hostPointer)
                classifier.finishStep(rows: labels)
            }
        }
        try group.device.withHost(partials, .read) { partials in
            try group.device.withHost(dz.rows(0..<rows).withPadding, .write) {
                try reduction.allReduce(partials: partials, into: $0)
            }
        }
        try encoder.backward(batch, step: step, learningRate: learningRate, dz: dz)
        return reduction.ownNodes.reduce(0) { sum, node in node.leaves.reduce(sum) { $0 + leafLoss[$1] } }
    }
}
