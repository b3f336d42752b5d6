import Checkpoint
import DeepXMLModel
import Devices
import Formats
import Support
import Transport

/// Astec's encoder over a group: columns of E, R whole (DESIGN.md §1 and §2).
///
/// Each worker computes its columns of x̂, from which x̂ is made whole. The residual's work is shared: rows of the batch up to ∂h
/// and ∂x̂, rows of ∂R̄. Workers on one node write all that into memory that they share, R and its moments too; others send it,
/// unless the network is so slow that each does better to work from the whole ∂z alone (`ResidualShare`).
///
/// What can wait is not waited for at once: all rows of x̂ come while labels are worked on, the whole ∂R̄ while E and the next
/// batch's x̂ are; R takes its step before it is read again.
package final class AstecGroupEncoder: GroupEncoder {
    package let trainsCoarse: Bool
    private let shape: NetworkShape
    private let group: WorkerGroup
    private let streams: RandomStreams
    private var embeddings: EmbeddingShard
    private let residual: Residual?
    /// x̂ of the last batch: B×D, padded.
    private var x: Tensor
    /// B×D, padded: z where it is shared; the residual's activation; ∂ before its ReLU.
    private let z: Tensor?, activation: Tensor, dh: Tensor
    /// B×|columns|: this worker's columns of ∂x̂ and of x̂.
    private let dx: Tensor, columns: Tensor
    private let exchange: ActivationExchange
    /// nil: one worker, or several that send each other what they make.
    private let shared: SharedTensors?
    private let share: ResidualShare
    /// R's step of the last batch, once ∂R̄ is there.
    private var update: (gradient: Pending, step: OptimiserStep)?

    package var device: any Device { group.device }
    package var intermediateDims: Int { shape.dims }
    package var outputDims: Int { shape.dims }

    /// Collective.
    package init(shape: NetworkShape, group: WorkerGroup, embeddings: EmbeddingShard, streams: RandomStreams) throws {
        self.shape = shape
        self.group = group
        self.embeddings = embeddings
        self.streams = streams
        trainsCoarse = shape.trainsEncoder
        let device = group.device, rows = shape.batchSize, width = embeddings.columns.count, dims = shape.dims
        let shared = try SharedTensors(group, for: Self.shapes(shape))
        self.shared = shared
        exchange = ActivationExchange(group: group, dims: dims, rows: rows, shared: shared)
        residual =
            shape.residualKeep == nil
            ? nil
            : Residual(dims: dims, streams, on: device, shared: shared.map { shared in { shared.tensor(rows: $0, cols: $1) } })
        func activations() -> Tensor {
            shared?.paddedTensor(rows: rows, dims: dims) ?? device.paddedTensor(rows: rows, dims: dims)
        }
        (activation, dh) = (activations(), activations())
        z = shared == nil || residual == nil ? nil : activations()
        (dx, columns) = (device.tensor(rows: rows, cols: width), device.tensor(rows: rows, cols: width))
        x = dh
        share = try ResidualShare(residual, group, shape, shared: shared)
    }

    /// Of what workers on one node share: x̂ twice; activation, ∂ and z; R, ∂R̄ and moments; b and moments.
    private static func shapes(_ shape: NetworkShape) -> [(rows: Int, cols: Int)] {
        let (rows, dims, ld) = (shape.batchSize, shape.dims, paddedWidth(shape.dims))
        return ActivationExchange.shapes(dims: dims, rows: rows) + Array(repeating: (rows, ld), count: 3)
            + Array(repeating: (dims, ld), count: 4) + Array(repeating: (1, ld), count: 3)
    }

    package func outputTensor(rows: Int) -> Tensor {
        guard let z, z.rows == rows else { return device.paddedTensor(rows: rows, dims: shape.dims) }
        return z
    }

    package func intermediate(_ batch: DocumentBatch, x: Tensor) throws {
        try beginCoarse(batch, step: nil, for: .whole)
        device.copy(try exchange.whole(), to: x.rows(0..<batch.rows))
    }

    private func beginCoarse(_ batch: DocumentBatch, step: Int?, for wish: ActivationExchange.Wish) throws {
        let own = columns.rows(0..<batch.rows)
        let drop = step.flatMap { trainsCoarse ? (streams.stream(.encoderDropout, step: $0), shape.encoderKeep) : nil }
        embeddings.forward(batch.features, docs: batch.docs, dropout: drop, into: own)
        try exchange.begin(own, for: wish)
    }

    package func forward(_ batch: DocumentBatch, step: Int?, z: Tensor, meanwhile: () throws -> Void) throws {
        let rows = batch.rows, all = 0..<rows
        try beginCoarse(batch, step: step, for: share.isWhole ? .whole : step == nil ? .ownRows : .rowsThenWhole)
        try finishUpdate()
        guard let residual, let keep = shape.residualKeep else {
            x = try exchange.whole()
            try meanwhile()
            return device.copy(x, to: z.rows(all))
        }
        // Others' rows of a shared R are there when their columns of x̂ are.
        if step != nil, shared == nil { residual.prepare(training: true) }
        x = try share.isWhole ? exchange.whole() : exchange.ownRows()
        if step != nil, shared != nil { residual.prepare(training: true) }
        let drop = step.map { (streams.stream(.residualDropout, step: $0), keep) }
        let own = share.isWhole ? all : group.ownSlice(rows), out = self.z ?? z
        residual.forward(
            x.rows(own), ids: Array(batch.docs[own]), dropout: drop, activation: activation.rows(own), z: out.rows(own))
        let whole = try share.isWhole ? Pending() : shared?.arrive() ?? group.beginGather(z.rows(all), slices: group.slices(rows))
        try meanwhile()
        try whole.finish()
        if shared != nil, z.memory !== out.memory { device.copy(out.rows(all), to: z.rows(all)) }
    }

    package var gradientParts: GradientParts { residual == nil ? .whole : share.gradientParts }

    package func take(gradient dz: Tensor, floats: Range<Int>) {
        guard let residual, let keep = shape.residualKeep else { return }
        residual.activationGradient(
            dz.flat(floats), activation: activation.flat(floats), keep: keep, dh: dh.flat(floats))
    }

    package func backward(_ batch: DocumentBatch, step: Int, learningRate: Double, dz: Tensor) throws {
        let rows = 0..<batch.rows, dx = dx.rows(rows), dz = dz.rows(rows), columns = embeddings.columns
        if let residual {
            x = try exchange.whole()
            let gradient = try share.backward(
                residual, dz: dz, dh: dh.rows(rows), x: x, columns: columns, dx: trainsCoarse ? dx : nil)
            update = (gradient, shape.optimiser.dense(learningRate: learningRate, step: step + 1))
            if share.isWhole { try finishUpdate() }
        } else if trainsCoarse {
            device.copy(dz.columns(columns), to: dx)
        }
        guard trainsCoarse else { return }
        device.dropReluBackward(dx, y: self.columns.rows(rows), keep: shape.encoderKeep)
        embeddings.step(
            batch.features, docs: batch.docs, gradient: dx, shape.optimiser.lazy(learningRate: learningRate, step: step + 1))
    }

    private func finishUpdate() throws {
        guard let update, let residual else { return }
        self.update = nil
        try update.gradient.finish()
        residual.finishBackward(rows: shared == nil ? 0..<shape.dims : group.ownSlice(shape.dims), update.step)
    }

    package func settle() throws {
        guard update != nil else { return }
        try finishUpdate()
        // A worker's rows of a shared R are the others', too.
        try shared?.barrier()
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
        if trainsCoarse || reader.contains("encoder") {
            try restoreEmbeddings(reader, moments: moments && trainsCoarse)
        }
        guard let residual else { return }
        try residual.weight.restore("residual.weight", of: reader, moments: moments, on: device) { try reader.replicated($0) }
        try residual.bias.restore("residual.bias", of: reader, moments: moments, on: device) { try reader.replicated($0) }
        try device.upload("residual.u", of: reader, to: residual.norm.u) { try reader.replicated($0) }
        try device.upload("residual.v", of: reader, to: residual.norm.v) { try reader.replicated($0) }
    }

    package func storedFixed() -> [StoredArray] { trainsCoarse ? [] : storedCoarse() }

    package func storedCoarse() -> [StoredArray] { embeddings.table.stored("encoder", ownColumns, moments: false, on: device) }

    package func restoreCoarse(_ reader: CheckpointReader) throws { try restoreEmbeddings(reader, moments: false) }

    private func restoreEmbeddings(_ reader: CheckpointReader, moments: Bool) throws {
        let columns = embeddings.columns
        if reader.isMapped, !columns.isEmpty {
            try reader.require("encoder", rows: embeddings.table.rows, cols: shape.dims)
            embeddings = EmbeddingShard(trained: try reader.columns("encoder", columns), columns: columns, on: device)
        } else {
            try embeddings.table.restore("encoder", of: reader, moments: moments, on: device) { try reader.columns($0, columns) }
        }
    }

    package func copyCoarse(from other: any GroupEncoder) {
        guard let other = other as? AstecGroupEncoder else { preconditionFailure("encoders of one run are of one kind") }
        device.copy(other.embeddings.table.value, to: embeddings.table.value)
    }
}
