import DeepXMLModel
import Devices
import Support

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
    /// How workers that share no memory do the residual's work.
    package var residualWork = ResidualWork.measured

    package enum ResidualWork: Sendable {
        /// Whichever is quicker, as measured when the encoder is made.
        case measured
        /// Shared, by messages; or each worker all of it.
        case shared, whole
    }

    package init(
        dims: Int, batchSize: Int, trainsEncoder: Bool, encoderKeep: Float, residualKeep: Float?,
        optimiser: OptimiserSettings = OptimiserSettings()
    ) {
        (self.dims, self.batchSize, self.trainsEncoder) = (dims, batchSize, trainsEncoder)
        (self.encoderKeep, self.residualKeep, self.optimiser) = (encoderKeep, residualKeep, optimiser)
    }
}

/// Encoder and classifier of one module, spread over a group: the classifier by rows of W.
///
/// One batch is one batch, however many workers share it: the encoder leaves all of z on each, each runs its labels, and
/// the parts of ∂z meet in a fixed tree (DESIGN.md §2). Used by one thread of its worker.
package final class Network {
    package let batchSize: Int
    package let group: WorkerGroup
    package let encoder: any GroupEncoder
    package let classifier: ClassifierShard
    package let labelShards: LabelShards
    package let streams: RandomStreams
    private let optimiser: OptimiserSettings

    /// Of the last batch: rows×D with padding.
    private let z: Tensor
    private let dz: Tensor
    private let sum: GradientSum
    /// The virtual shards of this worker.
    private let ownLeaves: Range<Int>

    /// - Parameter trained: classifiers that are not to be drawn; none where others score the labels.
    package init(
        batchSize: Int, group: WorkerGroup, encoder: any GroupEncoder, labelShards: LabelShards, streams: RandomStreams,
        optimiser: OptimiserSettings, hasBias: Bool = true, classifier trained: ClassifierShard? = nil
    ) throws {
        self.batchSize = batchSize
        self.group = group
        self.encoder = encoder
        self.labelShards = labelShards
        self.streams = streams
        self.optimiser = optimiser
        let labels = labelShards.labels(ofWorker: group.rank, workers: group.size), device = group.device
        classifier =
            trained ?? ClassifierShard(labels: labels, dims: encoder.outputDims, hasBias: hasBias, streams, on: device)
        z = encoder.outputTensor(rows: batchSize)
        let runs = (0..<group.size).map { labelShards.shards(ofWorker: $0, workers: group.size) }
        sum = try GradientSum(group, rows: batchSize, dims: encoder.outputDims, leaves: labelShards.count, runs: runs)
        dz = sum.result
        ownLeaves = runs[group.rank]
    }

    package var device: any Device { group.device }

    /// What the classifier is trained on where `truth` (N×L, binary) says which labels a document has.
    package func classifierTask(truth: CSRMatrix, loss: ClassifierLossKind) -> ClassifierTask {
        let first = classifier.labels.lowerBound
        let leaves = ownLeaves.map { leaf in
            let labels = labelShards.labels(ofShard: leaf)
            return labels.lowerBound - first..<labels.upperBound - first
        }
        return ClassifierTask(classifier: classifier, leaves: leaves, truth: truth, batchSize: batchSize, loss: loss)
    }

    /// Calls `body` with z of all documents, batch by batch and without dropout: the batch, its place in `docs`, and z of it.
    ///
    /// Every worker of the group calls it. After `prepareForPrediction`.
    package func forEachBatch(
        _ docs: [Int32], of features: CSRMatrix,
        _ body: (_ batch: DocumentBatch, _ place: Range<Int>, _ z: Tensor) throws -> Void
    ) throws {
        try encoder.forEachBatch(docs, of: features, .final, into: z, body)
    }

    /// Logits of this worker's labels that `wanted` (documents×L) names.
    ///
    /// - Returns: the rows `docs` of `wanted`, in that order, with logits as values.
    package func logits(of wanted: CSRMatrix, docs: [Int32], features: CSRMatrix) throws -> CSRMatrix {
        let starts = Buffer<Int64>(count: docs.count + 1)
        for (row, doc) in docs.enumerated() { starts[row + 1] = starts[row] + Int64(wanted.range(Int(doc)).count) }
        let indices = Buffer<Int32>(count: Int(starts[docs.count])), values = Buffer<Float>(count: indices.count)
        try forEachBatch(docs, of: features) { batch, place, z in
            let part = device.logits(classifier, z: z, of: wanted, docs: batch.docs)
            let range = Int(starts[place.lowerBound])..<Int(starts[place.upperBound])
            indices[range].update(from: part.indices.all)
            if let logits = part.values { values[range].update(from: logits.all) }
        }
        return CSRMatrix(rows: docs.count, cols: wanted.cols, starts: starts, indices: indices, values: values)
    }

    /// Ends the last step. Before parameters are read; all workers of the group call it.
    package func settle() throws { try encoder.settle() }

    /// Call once between training and `forEachBatch`, after `settle`.
    package func prepareForPrediction() { encoder.prepareForPrediction() }

    /// One step of training.
    ///
    /// - Parameters:
    ///   - step: number of the step in its module, from 0.
    ///   - loss: what the classifier is trained on.
    /// - Returns: this worker's part of the summed loss.
    package func step(_ batch: DocumentBatch, step: Int, learningRate: Double, loss: any ClassifierStep) throws -> PendingLoss {
        try encoder.forward(batch, step: step, z: z) { try loss.prepare(docs: batch.docs, step: step) }
        let rows = 0..<batch.rows, first = ownLeaves.lowerBound
        let numbers =
            loss.isSparse
            ? optimiser.lazy(learningRate: learningRate, step: step + 1)
            : optimiser.dense(learningRate: learningRate, step: step + 1)
        var total = PendingLoss()
        for (node, partial) in zip(sum.ownNodes, sum.partials) {
            let leaves = node.leaves.lowerBound - first..<node.leaves.upperBound - first
            total.add(loss.run(leaves, z: z.rows(rows), step: numbers, dz: partial.rows(rows)))
        }
        try sum.run(rows: batch.rows, parts: encoder.gradientParts) {
            encoder.take(gradient: dz, floats: $0)
        }
        try encoder.backward(batch, step: step, learningRate: learningRate, dz: dz)
        return total
    }
}
