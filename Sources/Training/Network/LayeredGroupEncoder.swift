import Checkpoint
import DeepXMLModel
import Devices
import Formats
import Support
import Transport

/// Encoders that are a stack of layers, over a group: token embeddings cut by columns, the layers whole on every worker, and
/// the rows of a batch cut into blocks, of which each worker takes a run.
///
/// A worker needs whole vectors of its documents' tokens, and owns some columns of all tokens': one alltoall brings the
/// one from the other, and takes the gradients back. The layers' gradients of the blocks are summed in a fixed tree
/// (`LayerOptimiser`), so that the number of workers changes no bit.
package final class LayeredGroupEncoder: GroupEncoder, @unchecked Sendable {
    package let trainsCoarse: Bool
    package let device: any Device
    private let group: WorkerGroup
    private let stack: EncoderStack
    private let optimiser: OptimiserSettings
    /// nil where documents are dense vectors.
    private let tokens: TokenExchange?
    private let tapes: [EncoderTape]
    private let layers: LayerOptimiser
    /// x̂ of the last batch: B×D, padded.
    private let x: Tensor
    private let inputRoom: GrowingTensor, gradientRoom: GrowingTensor, weightRoom: GrowingTensor
    /// Of the last batch: what this worker's rows are made of, and the tokens' weights.
    private var input: EncoderRead
    private var cut = BlockCut()

    package var intermediateDims: Int { stack.intermediateDims }
    package var outputDims: Int { stack.outputDims }

    /// - Parameter embeddings: this worker's columns; nil where the stack reads dense features.
    package init(
        stack: EncoderStack, group: WorkerGroup, embeddings: EmbeddingShard?, batchSize: Int, trainsCoarse: Bool,
        optimiser: OptimiserSettings
    ) {
        let device = group.device
        self.stack = stack
        self.group = group
        self.device = device
        self.trainsCoarse = trainsCoarse
        self.optimiser = optimiser
        tokens = embeddings.map { TokenExchange(group: group, embeddings: $0, dims: stack.inputDims, longest: stack.longest) }
        tapes = (0..<BlockCut.count).map { _ in EncoderTape(on: device) }
        layers = LayerOptimiser(stack, group: group, settings: optimiser, trainsCoarse: trainsCoarse)
        x = device.paddedTensor(rows: batchSize, dims: stack.intermediateDims)
        (inputRoom, gradientRoom, weightRoom) = (GrowingTensor(on: device), GrowingTensor(on: device), GrowingTensor(on: device))
        input = EncoderRead(vectors: inputRoom.room(rows: 0, dims: stack.inputDims), weights: nil)
    }

    package func forward(_ batch: DocumentBatch, step: Int?, z: Tensor, meanwhile: () throws -> Void) throws {
        try run(batch, step: step, x: x, z: z)
        let sent = try group.beginGather(z, slices: cut.shares)
        try meanwhile()
        try sent.finish()
    }

    package func intermediate(_ batch: DocumentBatch, x: Tensor) throws {
        let z = device.paddedTensor(rows: batch.rows, dims: stack.outputDims)
        try run(batch, step: nil, x: x, z: z)
        try group.gather(x, slices: cut.shares)
    }

    /// x̂ and z of this worker's rows.
    private func run(_ batch: DocumentBatch, step: Int?, x: Tensor, z: Tensor) throws {
        cut = BlockCut(batch, group, longest: stack.longest)
        if step != nil { stack.prepare(training: true) }
        input = try read(batch)
        let freezes = step != nil && !trainsCoarse
        device.concurrently(cut.own.count) { [self] i in
            let index = cut.own.lowerBound + i, rows = cut.rows(index)
            let (x, z) = (x.rows(rows), z.rows(rows))
            guard !rows.isEmpty else { return }
            if freezes {
                // A fixed coarse part has no dropout.
                stack.forward(block(index, batch), step: nil, intermediate: x, output: z, tape: nil)
                stack.forward(fine(index, batch, x), step: step, intermediate: x, output: z, tape: tapes[index])
            } else {
                stack.forward(
                    block(index, batch), step: step, intermediate: x, output: z, tape: step == nil ? nil : tapes[index])
            }
        }
    }

    /// Brings the input of this worker's rows: their tokens' vectors, or their own.
    private func read(_ batch: DocumentBatch) throws -> EncoderRead {
        if let tokens { return try tokens.gather(batch, rows: cut.shares, into: inputRoom, weights: weightRoom) }
        let docs = Array(batch.docs[cut.shares[group.rank]]), vectors = inputRoom.room(rows: docs.count, dims: stack.inputDims)
        device.copyRows(of: batch.features, docs, into: vectors)
        return EncoderRead(vectors: vectors, weights: nil)
    }

    /// A block as the stack sees it from its input.
    private func block(_ index: Int, _ batch: DocumentBatch) -> EncoderBlock {
        let ids = Array(batch.docs[cut.rows(index)]), part = cut.input(index, isTokens: tokens != nil)
        guard tokens != nil else { return EncoderBlock(ids: ids, x: input.vectors.rows(part)) }
        return EncoderBlock(
            ids: ids, starts: cut.starts(index), weights: input.weights?.columns(part), x: input.vectors.rows(part))
    }

    /// A block as the stack sees it from x̂.
    private func fine(_ index: Int, _ batch: DocumentBatch, _ x: Tensor) -> EncoderBlock {
        EncoderBlock(ids: Array(batch.docs[cut.rows(index)]), x: x, stage: .intermediate)
    }

    package func backward(_ batch: DocumentBatch, step: Int, learningRate: Double, dz: Tensor) throws {
        let inputGradient =
            trainsCoarse && tokens != nil ? gradientRoom.room(rows: cut.ownTokens, dims: stack.inputDims) : nil
        try layers.backward { [self] run, index, out in
            let rows = cut.rows(index), x = x.rows(rows)
            guard !rows.isEmpty else { return device.fill(out, 0) }
            stack.backward(
                run, trainsCoarse ? block(index, batch) : fine(index, batch, x), outputGradient: dz.rows(rows),
                tape: tapes[index], trainsCoarse: trainsCoarse, gradient: out,
                inputGradient: inputGradient?.rows(cut.input(index, isTokens: true)))
        }
        try layers.step(
            optimiser.dense(learningRate: learningRate, step: step + 1), blocks: cut.blocksWithRows, inputs: inputGradient)
        guard let inputGradient else { return }
        let lazy = optimiser.lazy(learningRate: learningRate, step: step + 1)
        try tokens?.step(gradient: inputGradient, lazy.scaled(by: stack.rateFactor(level: 0, optimiser.layerDecay)))
    }

    package func prepareForPrediction() { stack.prepare(training: false) }

    // MARK: State

    private func storedEmbeddings(moments: Bool) -> [StoredArray] {
        guard let embeddings = tokens?.embeddings else { return [] }
        let columns = Placement.columns(start: embeddings.columns.lowerBound, total: stack.inputDims)
        return embeddings.table.stored("encoder", columns, moments: moments, on: device)
    }

    private func restoreEmbeddings(_ reader: CheckpointReader, moments: Bool) throws {
        guard let embeddings = tokens?.embeddings else { return }
        try embeddings.table.restore("encoder", of: reader, moments: moments, on: device) {
            try reader.columns($0, embeddings.columns)
        }
    }

    package func storedArrays(moments: Bool) throws -> [StoredArray] {
        (trainsCoarse ? storedEmbeddings(moments: moments) : [])
            + stack.parameters.stored("layers", .replicated, moments: false, on: device)
            + (moments ? try layers.storedMoments("layers") : [])
    }

    package func restore(_ reader: CheckpointReader, moments: Bool) throws {
        if trainsCoarse || reader.contains("encoder") { try restoreEmbeddings(reader, moments: moments && trainsCoarse) }
        try stack.parameters.restore("layers", of: reader, moments: false, on: device) { try reader.replicated($0) }
        if moments { try layers.restoreMoments("layers", reader) }
        stack.prepare(training: false)
    }

    package func storedFixed() -> [StoredArray] { trainsCoarse ? [] : storedEmbeddings(moments: false) }

    package func storedCoarse() -> [StoredArray] {
        storedEmbeddings(moments: false) + stack.parameters.stored("layers", .replicated, moments: false, on: device)
    }

    package func restoreCoarse(_ reader: CheckpointReader) throws {
        try restoreEmbeddings(reader, moments: false)
        let values: Buffer<Float> = try reader.replicated("layers"), count = stack.parameters.cols
        guard values.count == count else {
            throw reader.otherSize("layers", found: "\(values.count) numbers", expected: "\(count)")
        }
        device.upload(values.prefix(stack.coarseCount), to: coarse)
        stack.prepare(training: false)
    }

    package func copyCoarse(from other: any GroupEncoder) {
        guard let other = other as? LayeredGroupEncoder else { preconditionFailure("encoders of one run are of one kind") }
        if let embeddings = tokens?.embeddings, let others = other.tokens?.embeddings {
            device.copy(others.table.value, to: embeddings.table.value)
        }
        device.copy(other.coarse, to: coarse)
        stack.prepare(training: false)
    }

    /// The coarse layers' parameters.
    private var coarse: Tensor { stack.parameters.value.flat(0..<stack.coarseCount) }
}
