import Checkpoint
import DeepXMLModel
import Devices
import Formats
import Kernels
import Support

/// Astec's encoder over a group: columns of E, R whole (DESIGN.md §1 and §2).
///
/// Each worker computes its columns of x̂ and one allgather makes it whole; backward, each has the whole ∂z and takes the
/// columns that it owns.
package final class AstecEncoder: GroupEncoder {
    package let trainsCoarse: Bool
    private let shape: NetworkShape
    private let group: WorkerGroup
    private let streams: RandomStreams
    private let embeddings: EmbeddingShard
    private let residual: Residual?
    private let x: Tensor
    private let activation: DenseMatrix, scratch: DenseMatrix
    private let dx: Buffer<Float>, columns: Buffer<Float>
    private let exchange: ActivationExchange

    /// Sharing the residual's work costs two more allgathers of B×D and D×D a step: on one node these are copies, and take
    /// a tenth of the time that they save; over a network they may cost more.
    private let sharesResidual: Bool

    package var device: any Device { group.device }
    package var intermediateDims: Int { shape.dims }
    package var outputDims: Int { shape.dims }

    package init(shape: NetworkShape, group: WorkerGroup, embeddings: EmbeddingShard, streams: RandomStreams) {
        self.shape = shape
        self.group = group
        self.embeddings = embeddings
        self.streams = streams
        trainsCoarse = shape.trainsEncoder
        sharesResidual = group.size > 1 && group.isOnOneNode
        residual = shape.residualKeep == nil ? nil : Residual(dims: shape.dims, streams, on: group.device)
        let rows = shape.batchSize, ld = paddedWidth(shape.dims), width = embeddings.columns.count
        func activations() -> DenseMatrix { DenseMatrix(rows: rows, cols: ld) }
        x = group.device.paddedTensor(rows: rows, dims: shape.dims)
        (activation, scratch) = (activations(), activations())
        (dx, columns) = (Buffer(count: rows * width), Buffer(count: rows * width))
        exchange = ActivationExchange(group: group, dims: shape.dims, rows: rows)
    }

    package func intermediate(_ batch: DocumentBatch, x: Tensor) throws { try coarse(batch, step: nil, x: x) }

    private func coarse(_ batch: DocumentBatch, step: Int?, x: Tensor) throws {
        let rows = batch.rows, own = exchange.ownColumns(rows: rows)
        let drop = step.flatMap { trainsCoarse ? (streams.stream(.encoderDropout, step: $0), shape.encoderKeep) : nil }
        embeddings.forward(batch.features, docs: batch.docs, dropout: drop, into: own, team: group.team)
        if step != nil && trainsCoarse { columns.pointer.update(from: own, count: rows * embeddings.columns.count) }
        try exchange.gather(rows: rows, into: x.hostPointer)
    }

    package func forward(_ batch: DocumentBatch, step: Int?, z: Tensor) throws {
        try coarse(batch, step: step, x: x)
        let rows = batch.rows
        guard let residual, let keep = shape.residualKeep else {
            return z.hostPointer.update(from: x.hostPointer, count: rows * z.stride)
        }
        if step != nil { residual.prepare(training: true) }
        let drop = step.map { (streams.stream(.residualDropout, step: $0), keep) }
        let share = sharesResidual ? group.ownSlice(rows) : 0..<rows, at = share.lowerBound * z.stride
        let ids = Array(batch.docs[share])
        residual.forward(
            x.hostPointer + at, rows: share.count, ids: ids, dropout: drop,
            activation: activation.pointer + at, z: z.hostPointer + at, team: group.team)
        if sharesResidual { try gatherActivation(rows: rows, z: z) }
    }

    /// Where the workers share the residual's rows, each brings its own.
    private func gatherActivation(rows: Int, z: Tensor) throws {
        let ld = z.stride
        let blocks = group.slices(rows).map { $0.lowerBound * ld..<$0.upperBound * ld }
        try group.communicator.allgather(activation.buffer, blocks: blocks)
        dx_sum(z.hostPointer, x.hostPointer, activation.pointer, rows * ld)
    }

    package func backward(_ batch: DocumentBatch, step: Int, learningRate: Double, dz: Tensor) throws {
        let rows = batch.rows, width = embeddings.columns.count
        if let residual, let keep = shape.residualKeep {
            try backward(residual, keep, rows: rows, dz, shape.optimiser.dense(learningRate: learningRate, step: step + 1))
        } else if trainsCoarse {
            for row in 0..<rows {
                (dx.pointer + row * width).update(from: dz.hostRow(row) + embeddings.columns.lowerBound, count: width)
            }
        }
        guard trainsCoarse else { return }
        dx_relu_dropout_backward(dx.pointer, columns.pointer, rows * width, shape.encoderKeep)
        embeddings.step(
            batch.features, docs: batch.docs, gradient: dx.pointer,
            shape.optimiser.lazy(learningRate: learningRate, step: step + 1),
            team: group.team)
    }

    private func backward(_ residual: Residual, _ keep: Float, rows: Int, _ dz: Tensor, _ adam: OptimiserStep) throws {
        let slices = sharesResidual ? group.slices(shape.dims) : [0..<shape.dims]
        residual.beginBackward(
            dz.hostPointer, x: x.hostPointer, activation: activation.pointer, rows: rows, keep: keep, dh: scratch.pointer,
            columns: embeddings.columns, dx: trainsCoarse ? dx.pointer : nil,
            gradientRows: slices[sharesResidual ? group.rank : 0], team: group.team)
        if sharesResidual {
            let ld = dz.stride
            try group.communicator.allgather(
                residual.gradient.buffer, blocks: slices.map { $0.lowerBound * ld..<$0.upperBound * ld })
        }
        residual.finishBackward(dh: scratch.pointer, rows: rows, adam)
    }

    package func prepareForPrediction() { residual?.prepare(training: false) }

    private var ownColumns: Placement { .columns(start: embeddings.columns.lowerBound, total: shape.dims) }

    package func storedArrays(moments: Bool) -> [StoredArray] {
        var arrays = trainsCoarse ? embeddings.table.stored("encoder", ownColumns, moments: moments, on: device) : []
        guard let residual else { return arrays }
        arrays += residual.weight.stored("residual.weight", .replicated, moments: moments, on: device)
        arrays += residual.bias.stored("residual.bias", .replicated, moments: moments, on: device)
        arrays.append(StoredArray("residual.u", residual.norm.u))
        arrays.append(StoredArray("residual.v", residual.norm.v))
        return arrays
    }

    package func restore(_ reader: CheckpointReader, moments: Bool) throws {
        if trainsCoarse {
            try embeddings.table.restore("encoder", moments: moments, on: device) { try reader.columns($0, embeddings.columns) }
        }
        guard let residual else { return }
        try residual.weight.restore("residual.weight", moments: moments, on: device) { try reader.replicated($0) }
        try residual.bias.restore("residual.bias", moments: moments, on: device) { try reader.replicated($0) }
        residual.norm.u.copy(from: try reader.replicated("residual.u"))
        residual.norm.v.copy(from: try reader.replicated("residual.v"))
    }

    package func storedCoarse() -> [StoredArray] { embeddings.table.stored("encoder", ownColumns, moments: false, on: device) }

    package func restoreCoarse(_ reader: CheckpointReader) throws {
        try embeddings.table.restore("encoder", moments: false, on: device) { try reader.columns($0, embeddings.columns) }
    }

    package func copyCoarse(from other: any GroupEncoder) {
        guard let other = other as? AstecEncoder else { preconditionFailure("encoders of one run are of one kind") }
        group.device.upload(group.device.download(other.embeddings.table.value), to: embeddings.table.value)
    }
}
