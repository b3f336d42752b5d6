import Checkpoint
import DeepXMLModel
import Devices
import Formats
import Support
import Transport

/// Any other encoder than Astec's, over a group: token embeddings cut by columns, the layers whole on every worker, and the
/// rows of a batch cut into blocks, of which each worker takes a run.
///
/// A worker needs whole vectors of its documents' tokens, and owns some columns of all tokens': one alltoall brings the
/// one from the other, and takes the gradients back. The layers' gradients of the blocks are summed in a fixed tree, so
/// that the number of workers changes no bit.
package final class StackEncoder: GroupEncoder, @unchecked Sendable {
    package let trainsCoarse: Bool
    private let group: WorkerGroup
    private let stack: EncoderStack
    private let optimiser: OptimiserSettings
    /// nil where documents are dense vectors.
    private let tokens: TokenExchange?
    private let tapes = (0..<BlockCut.count).map { _ in EncoderTape() }
    private let reduction: TreeReduction
    private let leafSums: LeafSums
    private let partials: [Tensor]
    private let gradient: Buffer<Float>
    private let x: Tensor
    private let input = GrowingBuffer(), inputGradient = GrowingBuffer(), weights = GrowingBuffer()
    private var cut = BlockCut()
    /// Of the last forward pass.
    private var docs = Buffer<Int32>(count: 0)

    package var device: any Device { group.device }
    package var intermediateDims: Int { stack.intermediateDims }
    package var outputDims: Int { stack.outputDims }

    /// - Parameter embeddings: this worker's columns; nil where the stack reads dense features.
    package init(
        stack: EncoderStack, group: WorkerGroup, embeddings: EmbeddingShard?, batchSize: Int, trainsCoarse: Bool,
        optimiser: OptimiserSettings
    ) {
        self.stack = stack
        self.group = group
        self.trainsCoarse = trainsCoarse
        self.optimiser = optimiser
        tokens = embeddings.map { TokenExchange(group: group, embeddings: $0, dims: stack.inputDims) }
        reduction = TreeReduction(over: group.communicator, leaves: BlockCut.count, runs: group.slices(BlockCut.count))
        leafSums = LeafSums(rows: 1, cols: stack.gradientLength, on: group.device)
        partials = reduction.ownNodes.map { _ in group.device.tensor(rows: 1, cols: stack.gradientLength) }
        gradient = Buffer(count: stack.gradientLength)
        x = group.device.paddedTensor(rows: batchSize, dims: stack.intermediateDims)
    }

    package func forward(_ batch: DocumentBatch, step: Int?, z: Tensor) throws {
        try run(batch, step: step, x: x, z: z)
        try gather(z)
    }

    package func intermediate(_ batch: DocumentBatch, x: Tensor) throws {
        let z = device.paddedTensor(rows: batch.rows, dims: stack.outputDims)
        try run(batch, step: nil, x: x, z: z)
        try gather(x)
    }

    private func gather(_ matrix: Tensor) throws {
        let blocks = cut.shares.map { $0.lowerBound * matrix.stride..<$0.upperBound * matrix.stride }
        try device.withHost(matrix.withPadding, .readWrite) { try group.communicator.allgather($0, blocks: blocks) }
    }

    /// x̂ and z of this worker's rows.
    private func run(_ batch: DocumentBatch, step: Int?, x: Tensor, z: Tensor) throws {
        cut = BlockCut(batch, group)
        if step != nil { stack.prepare(training: true) }
        try read(batch)
        let docs = Buffer(batch.docs)
        self.docs = docs
        let freezes = step != nil && !trainsCoarse
        group.team.forEach(cut.own.count) { [self] i in
            let index = cut.own.lowerBound + i, rows = cut.rows(index)
            let (x, z) = (x.hostRow(rows.lowerBound), z.hostRow(rows.lowerBound))
            guard !rows.isEmpty else { return }
            if freezes {
                // A fixed coarse part has no dropout.
                stack.forward(block(index, docs), step: nil, intermediate: x, output: z, tape: nil)
                stack.forward(fine(index, docs, x), step: step, intermediate: x, output: z, tape: tapes[index])
            } else {
                stack.forward(
                    block(index, docs), step: step, intermediate: x, output: z, tape: step == nil ? nil : tapes[index])
            }
        }
    }

    /// Brings the input of this worker's rows: their tokens' vectors, or their own.
    private func read(_ batch: DocumentBatch) throws {
        if let tokens { return try tokens.gather(batch, rows: cut.shares, into: input, weights: weights) }
        let ld = paddedWidth(stack.inputDims), own = cut.shares[group.rank], x = input.room(own.count * ld)
        for (i, row) in own.enumerated() {
            let weights = batch.features.weights(Int(batch.docs[row]))
            for column in 0..<stack.inputDims { x[i * ld + column] = weights[column] }
            (x + i * ld + stack.inputDims).update(repeating: 0, count: ld - stack.inputDims)
        }
    }

    /// A block as the stack sees it from its input.
    private func block(_ index: Int, _ docs: Buffer<Int32>) -> EncoderBlock {
        let rows = cut.rows(index), at = cut.inputOffset(index, isTokens: tokens != nil),
            ids = docs.pointer + rows.lowerBound
        let x = UnsafePointer(input.pointer + at * paddedWidth(stack.inputDims))
        guard tokens != nil else { return EncoderBlock(rows: rows.count, ids: ids, x: x) }
        return EncoderBlock(
            rows: rows.count, ids: ids, starts: cut.starts(index), weights: UnsafePointer(weights.pointer + at), x: x)
    }

    /// A block as the stack sees it from x̂.
    private func fine(_ index: Int, _ docs: Buffer<Int32>, _ x: UnsafePointer<Float>) -> EncoderBlock {
        let rows = cut.rows(index)
        return EncoderBlock(rows: rows.count, ids: docs.pointer + rows.lowerBound, x: x, stage: .intermediate)
    }

    package func backward(_ batch: DocumentBatch, step: Int, learningRate: Double, dz: Tensor) throws {
        let ld = paddedWidth(stack.inputDims), wantsInput = trainsCoarse && tokens != nil
        if wantsInput { _ = inputGradient.room(cut.ownTokens * ld) }
        let docs = self.docs
        for (node, partial) in zip(reduction.ownNodes, partials) {
            leafSums.sum(node.leaves, into: partial) { [self] index, out in
                let rows = cut.rows(index), x = x.hostRow(rows.lowerBound)
                guard !rows.isEmpty else { return out.hostPointer.update(repeating: 0, count: stack.gradientLength) }
                stack.backward(
                    trainsCoarse ? block(index, docs) : fine(index, docs, x), outputGradient: dz.hostRow(rows.lowerBound),
                    tape: tapes[index], trainsCoarse: trainsCoarse, gradient: out.hostPointer,
                    inputGradient: wantsInput ? inputGradient.pointer + cut.inputOffset(index, isTokens: true) * ld : nil)
            }
        }
        try device.withHost(partials, .read) { try reduction.allReduce(partials: $0, into: gradient) }
        stack.update(
            gradient: gradient, blocks: cut.blocksWithRows, trainsCoarse: trainsCoarse,
            optimiser.dense(learningRate: learningRate, step: step + 1))
        guard wantsInput else { return }
        try tokens?.step(
            gradient: inputGradient.pointer, optimiser.lazy(learningRate: learningRate, step: step + 1))
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
        try embeddings.table.restore("encoder", moments: moments, on: device) { try reader.columns($0, embeddings.columns) }
    }

    package func storedArrays(moments: Bool) -> [StoredArray] {
        (trainsCoarse ? storedEmbeddings(moments: moments) : [])
            + stack.parameters.stored("layers", .replicated, moments: moments, on: device)
    }

    package func restore(_ reader: CheckpointReader, moments: Bool) throws {
        if trainsCoarse { try restoreEmbeddings(reader, moments: moments) }
        try stack.parameters.restore("layers", moments: moments, on: device) { try reader.replicated($0) }
        stack.prepare(training: false)
    }

    package func storedCoarse() -> [StoredArray] {
        storedEmbeddings(moments: false) + stack.parameters.stored("layers", .replicated, moments: false, on: device)
    }

    package func restoreCoarse(_ reader: CheckpointReader) throws {
        try restoreEmbeddings(reader, moments: false)
        takeCoarse(try reader.replicated("layers"))
    }

    package func copyCoarse(from other: any GroupEncoder) {
        guard let other = other as? StackEncoder else { preconditionFailure("encoders of one run are of one kind") }
        if let embeddings = tokens?.embeddings, let others = other.tokens?.embeddings {
            device.upload(device.download(others.table.value), to: embeddings.table.value)
        }
        takeCoarse(device.download(other.stack.parameters.value))
    }

    private func takeCoarse(_ values: Buffer<Float>) {
        stack.parameters.value.hostPointer.update(from: values.pointer, count: stack.coarseCount)
        stack.prepare(training: false)
    }
}
