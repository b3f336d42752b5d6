import Checkpoint
import DeepXMLModel
import Devices
import Formats
import Support

/// Astec's encoder over a group: columns of E, R whole (DESIGN.md §1 and §2).
///
/// Each worker computes its columns of x̂ and one allgather makes it whole; backward, each has the whole ∂z and takes the
/// columns that it owns.
package final class AstecGroupEncoder: GroupEncoder {
    package let trainsCoarse: Bool
    private let shape: NetworkShape
    private let group: WorkerGroup
    private let streams: RandomStreams
    private var embeddings: EmbeddingShard
    private let residual: Residual?
    /// B×D, padded: x̂; the residual's activation; ∂ before its ReLU.
    private let x: Tensor, activation: Tensor, scratch: Tensor
    /// B×|columns|: this worker's columns of ∂x̂ and of x̂.
    private let dx: Tensor, columns: Tensor
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
        let device = group.device, rows = shape.batchSize, width = embeddings.columns.count
        residual = shape.residualKeep == nil ? nil : Residual(dims: shape.dims, streams, on: device)
        func activations() -> Tensor { device.paddedTensor(rows: rows, dims: shape.dims) }
        (x, activation, scratch) = (activations(), activations(), activations())
        (dx, columns) = (device.tensor(rows: rows, cols: width), device.tensor(rows: rows, cols: width))
        exchange = ActivationExchange(group: group, dims: shape.dims, rows: rows)
    }

    package func intermediate(_ batch: DocumentBatch, x: Tensor) throws { try coarse(batch, step: nil, x: x) }

    private func coarse(_ batch: DocumentBatch, step: Int?, x: Tensor) throws {
        let rows = batch.rows, own = exchange.ownColumns(rows: rows)
        let drop = step.flatMap { trainsCoarse ? (streams.stream(.encoderDropout, step: $0), shape.encoderKeep) : nil }
        embeddings.forward(batch.features, docs: batch.docs, dropout: drop, into: own)
        if step != nil && trainsCoarse { device.copy(own, to: columns.rows(0..<rows)) }
        try exchange.gather(rows: rows, into: x)
    }

    package func forward(_ batch: DocumentBatch, step: Int?, z: Tensor) throws {
        try coarse(batch, step: step, x: x)
        let rows = batch.rows
        guard let residual, let keep = shape.residualKeep else {
            return device.copy(x.rows(0..<rows), to: z.rows(0..<rows))
        }
        if step != nil { residual.prepare(training: true) }
        let drop = step.map { (streams.stream(.residualDropout, step: $0), keep) }
        let share = sharesResidual ? group.ownSlice(rows) : 0..<rows
        residual.forward(
            x.rows(share), ids: Array(batch.docs[share]), dropout: drop, activation: activation.rows(share), z: z.rows(share))
        if sharesResidual { try gatherActivation(0..<rows, z: z) }
    }

    /// Where the workers share the residual's rows, each brings its own.
    private func gatherActivation(_ rows: Range<Int>, z: Tensor) throws {
        let ld = activation.stride
        let blocks = group.slices(rows.count).map { $0.lowerBound * ld..<$0.upperBound * ld }
        try device.withHost(activation.withPadding, .readWrite) { try group.communicator.allgather($0, blocks: blocks) }
        device.add(x.rows(rows), activation.rows(rows), into: z.rows(rows))
    }

    package func backward(_ batch: DocumentBatch, step: Int, learningRate: Double, dz: Tensor) throws {
        let rows = 0..<batch.rows, dx = dx.rows(rows)
        if let residual, let keep = shape.residualKeep {
            let numbers = shape.optimiser.dense(learningRate: learningRate, step: step + 1)
            try backward(residual, keep, rows, dz: dz.rows(rows), dx: trainsCoarse ? dx : nil, numbers)
        } else if trainsCoarse {
            device.copy(dz.rows(rows).columns(embeddings.columns), to: dx)
        }
        guard trainsCoarse else { return }
        device.dropReluBackward(dx, y: columns.rows(rows), keep: shape.encoderKeep)
        embeddings.step(
            batch.features, docs: batch.docs, gradient: dx, shape.optimiser.lazy(learningRate: learningRate, step: step + 1))
    }

    private func backward(
        _ residual: Residual, _ keep: Float, _ rows: Range<Int>, dz: Tensor, dx: Tensor?, _ step: OptimiserStep
    ) throws {
        let slices = sharesResidual ? group.slices(shape.dims) : [0..<shape.dims], dh = scratch.rows(rows)
        residual.beginBackward(
            dz, x: x.rows(rows), activation: activation.rows(rows), keep: keep, dh: dh, columns: embeddings.columns, dx: dx,
            gradientRows: slices[sharesResidual ? group.rank : 0])
        if sharesResidual {
            let whole = residual.gradient.withPadding, ld = whole.stride
            try device.withHost(whole, .readWrite) {
                try group.communicator.allgather($0, blocks: slices.map { $0.lowerBound * ld..<$0.upperBound * ld })
            }
        }
        residual.finishBackward(dh: dh, step)
    }

    package func prepareForPrediction() { residual?.prepare(training: false) }

    private var ownColumns: Placement { .columns(start: embeddings.columns.lowerBound, total: shape.dims) }

    package func storedArrays(moments: Bool) -> [StoredArray] {
        var arrays = trainsCoarse ? embeddings.table.stored("encoder", ownColumns, moments: moments, on: device) : []
        guard let residual else { return arrays }
        arrays += residual.weight.stored("residual.weight", .replicated, moments: moments, on: device)
        arrays += residual.bias.stored("residual.bias", .replicated, moments: moments, on: device)
        arrays.append(StoredArray("residual.u", device.download(residual.norm.u)))
        arrays.append(StoredArray("residual.v", device.download(residual.norm.v)))
        return arrays
    }

    package func restore(_ reader: CheckpointReader, moments: Bool) throws {
        if trainsCoarse {
            try restoreEmbeddings(reader, moments: moments)
        }
        guard let residual else { return }
        try residual.weight.restore("residual.weight", moments: moments, on: device) { try reader.replicated($0) }
        try residual.bias.restore("residual.bias", moments: moments, on: device) { try reader.replicated($0) }
        device.upload(try reader.replicated("residual.u"), to: residual.norm.u)
        device.upload(try reader.replicated("residual.v"), to: residual.norm.v)
    }

    package func storedCoarse() -> [StoredArray] { embeddings.table.stored("encoder", ownColumns, moments: false, on: device) }

    package func restoreCoarse(_ reader: CheckpointReader) throws { try restoreEmbeddings(reader, moments: false) }

    private func restoreEmbeddings(_ reader: CheckpointReader, moments: Bool) throws {
        let columns = embeddings.columns
        if reader.isMapped, !columns.isEmpty {
            embeddings = EmbeddingShard(trained: try reader.columns("encoder", columns), columns: columns, on: device)
        } else {
            try embeddings.table.restore("encoder", moments: moments, on: device) { try reader.columns($0, columns) }
        }
    }

    package func copyCoarse(from other: any GroupEncoder) {
        guard let other = other as? AstecGroupEncoder else { preconditionFailure("encoders of one run are of one kind") }
        device.copy(other.embeddings.table.value, to: embeddings.table.value)
    }
}
