import Buffers
import DeepXMLModel
import Kernels
import Transport
import XCData

/// How a module's network is built: which parts learn, and how much dropout keeps.
struct NetworkShape {
    var dims: Int
    var batchSize: Int
    /// The encoder's embeddings are trained with the rest; else they are fixed, without dropout on them.
    var trainsEncoder: Bool
    /// Share of x̂ that dropout keeps in training.
    var encoderKeep: Float
    /// Share of the residual's activation that dropout keeps; nil: no residual.
    var residualKeep: Float?
}

/// Encoder, residual and classifier of one module, spread over a group: columns of E, R whole, rows of W.
///
/// One batch is one batch, however many workers share it: each computes its columns of x̂, one allgather makes it whole,
/// each runs its labels, and the parts of ∂z meet in a fixed tree (DESIGN.md §2). Used by one thread of its worker; the
/// threads of the team only meet disjoint leaves.
final class Network: @unchecked Sendable {
    let shape: NetworkShape
    let group: WorkerGroup
    let encoder: EmbeddingShard
    let residual: Residual?
    let classifier: ClassifierShard
    let labelShards: LabelShards
    let streams: RandomStreams

    let x: DenseMatrix, z: DenseMatrix
    private let activation: DenseMatrix, dz: DenseMatrix, scratch: DenseMatrix
    private let dx: Buffer<Float>, columns: Buffer<Float>
    private let exchange: ActivationExchange
    private let reduction: TreeReduction
    private let leafSums: LeafSums
    private let partials: [Buffer<Float>]
    private let leafLoss: Buffer<Double>

    /// Sharing the residual's work costs two more allgathers of B×D and D×D a step: on one node these are copies, and take
    /// a tenth of the time that they save; over a network they may cost more.
    private let sharesResidual: Bool

    init(shape: NetworkShape, group: WorkerGroup, encoder: EmbeddingShard, labelShards: LabelShards, streams: RandomStreams) {
        self.shape = shape
        self.group = group
        self.encoder = encoder
        self.labelShards = labelShards
        self.streams = streams
        sharesResidual = group.size > 1 && group.isOnOneNode
        residual = shape.residualKeep == nil ? nil : Residual(dims: shape.dims, streams)
        let labels = labelShards.labels(ofWorker: group.rank, workers: group.size)
        classifier = ClassifierShard(labels: labels, dims: shape.dims, streams)
        let rows = shape.batchSize, ld = paddedWidth(shape.dims), width = encoder.columns.count
        func activations() -> DenseMatrix { DenseMatrix(rows: rows, cols: ld) }
        (x, z, activation, dz, scratch) = (activations(), activations(), activations(), activations(), activations())
        (dx, columns) = (Buffer(count: rows * width), Buffer(count: rows * width))
        exchange = ActivationExchange(group: group, dims: shape.dims, rows: rows)
        let runs = (0..<group.size).map { labelShards.shards(ofWorker: $0, workers: group.size) }
        reduction = TreeReduction(over: group.communicator, leaves: labelShards.count, runs: runs)
        leafSums = LeafSums(length: rows * ld)
        partials = reduction.ownNodes.map { _ in Buffer(count: rows * ld) }
        leafLoss = Buffer(count: labelShards.count)
    }

    /// The label rows of this worker's classifier that virtual shard `leaf` holds.
    func classifierRows(ofLeaf leaf: Int) -> Range<Int> {
        let labels = labelShards.labels(ofShard: leaf), first = classifier.labels.lowerBound
        return labels.lowerBound - first..<labels.upperBound - first
    }

    /// Computes x̂ and z of the batch; with `moment`, as in training (dropout drawn for that step).
    func forward(_ features: CSRMatrix, docs: UnsafeBufferPointer<Int32>, moment: Int?) throws {
        let rows = docs.count, own = exchange.ownColumns(rows: rows)
        let training = moment != nil
        let drop = moment.flatMap { shape.trainsEncoder ? (streams.stream(.encoderDropout, moment: $0), shape.encoderKeep) : nil }
        encoder.forward(features, docs: docs, dropout: drop, into: own, team: group.team)
        if training && shape.trainsEncoder { columns.pointer.update(from: own, count: rows * encoder.columns.count) }
        try exchange.gather(rows: rows, into: x.pointer)
        guard let residual, let keep = shape.residualKeep else {
            return z.pointer.update(from: x.pointer, count: rows * z.cols)
        }
        if training { residual.prepare(training: true) }
        let residualDrop = moment.map { (streams.stream(.residualDropout, moment: $0), keep) }
        let share = sharesResidual ? group.ownSlice(rows) : 0..<rows, at = share.lowerBound * z.cols
        residual.forward(
            x.pointer + at, rows: share.count, ids: docs.baseAddress! + share.lowerBound, dropout: residualDrop,
            activation: activation.pointer + at, z: z.pointer + at, team: group.team)
        if sharesResidual { try gatherActivation(rows: rows) }
    }

    /// Where the workers share the residual's rows, each brings its own.
    private func gatherActivation(rows: Int) throws {
        let ld = z.cols
        let blocks = group.slices(rows).map { $0.lowerBound * ld..<$0.upperBound * ld }
        try group.communicator.allgather(activation.buffer, blocks: blocks)
        dx_sum(z.pointer, x.pointer, activation.pointer, rows * ld)
    }

    /// Call once between training and `forward` without a moment.
    func prepareForPrediction() { residual?.prepare(training: false) }

    /// One step of training.
    ///
    /// - Parameters:
    ///   - moment: number of the step in its module, from 0.
    ///   - loss: what the classifier is trained on.
    /// - Returns: this worker's part of the summed loss.
    func step(
        _ features: CSRMatrix, docs: UnsafeBufferPointer<Int32>, moment: Int, learningRate: Double, loss: any ClassifierLoss
    ) throws -> Double {
        try forward(features, docs: docs, moment: moment)
        loss.prepare(docs: docs, moment: moment)
        let rows = docs.count
        let adam =
            loss.isSparse
            ? Adam.lazy(learningRate: learningRate, step: moment + 1) : Adam.dense(learningRate: learningRate, step: moment + 1)
        for (node, partial) in zip(reduction.ownNodes, partials) {
            leafSums.sum(node.leaves, into: partial, team: group.team) { [self] leaf, out in
                leafLoss[leaf] = loss.run(
                    leaf: leaf, rows: classifierRows(ofLeaf: leaf), z: z.pointer, batch: rows, adam: adam, dz: out)
            }
        }
        let whole = Buffer(viewing: dz.pointer, count: rows * dz.cols, owner: dz)
        try reduction.allReduce(partials: partials, into: whole)
        try backward(features, docs: docs, moment: moment, learningRate: learningRate)
        return reduction.ownNodes.reduce(0) { sum, node in node.leaves.reduce(sum) { $0 + leafLoss[$1] } }
    }

    private func backward(_ features: CSRMatrix, docs: UnsafeBufferPointer<Int32>, moment: Int, learningRate: Double) throws {
        let rows = docs.count, width = encoder.columns.count
        let dense = Adam.dense(learningRate: learningRate, step: moment + 1)
        if let residual, let keep = shape.residualKeep {
            let slices = sharesResidual ? group.slices(shape.dims) : [0..<shape.dims]
            residual.beginBackward(
                dz.pointer, x: x.pointer, activation: activation.pointer, rows: rows, keep: keep, dh: scratch.pointer,
                columns: encoder.columns, dx: shape.trainsEncoder ? dx.pointer : nil,
                gradientRows: slices[sharesResidual ? group.rank : 0], team: group.team)
            if sharesResidual {
                let ld = z.cols
                try group.communicator.allgather(
                    residual.gradient.buffer, blocks: slices.map { $0.lowerBound * ld..<$0.upperBound * ld })
            }
            residual.finishBackward(dh: scratch.pointer, rows: rows, dense)
        } else if shape.trainsEncoder {
            for row in 0..<rows {
                (dx.pointer + row * width).update(from: dz.row(row) + encoder.columns.lowerBound, count: width)
            }
        }
        guard shape.trainsEncoder else { return }
        dx_relu_dropout_backward(dx.pointer, columns.pointer, rows * width, shape.encoderKeep)
        encoder.step(
            features, docs: docs, gradient: dx.pointer, Adam.lazy(learningRate: learningRate, step: moment + 1),
            team: group.team)
    }
}
