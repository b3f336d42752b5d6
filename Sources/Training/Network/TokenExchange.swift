import DeepXMLModel
import Devices
import Support
import Transport

/// What a stack of layers reads of some documents.
package struct EncoderRead {
    /// A vector a token or a document, padded with zeros.
    package let vectors: Tensor
    /// 1×tokens.
    package let weights: Tensor?
}

/// Whole vectors of the tokens of a worker's documents, of embeddings that the group holds by columns; and their gradients
/// back to the owners of the columns.
package final class TokenExchange {
    package let embeddings: EmbeddingShard
    private let group: WorkerGroup
    private let device: any Device
    private let dims: Int
    /// Tokens of a document that are read, at most.
    private let longest: Int
    /// Of the last batch: the tokens of all documents in order, and where those of each worker's documents are.
    private var ids: [Int32] = []
    private var shares: [Range<Int>] = []
    private let columnRoom: GrowingTensor, packedRoom: GrowingTensor

    /// - Parameters:
    ///   - dims: D of the whole embeddings.
    ///   - longest: tokens of a document that are read, at most.
    package init(group: WorkerGroup, embeddings: EmbeddingShard, dims: Int, longest: Int = .max) {
        self.longest = longest
        self.group = group
        self.embeddings = embeddings
        self.dims = dims
        device = group.device
        (columnRoom, packedRoom) = (GrowingTensor(on: device), GrowingTensor(on: device))
    }

    private var ownTokens: Int { shares[group.rank].count }

    /// The vectors and weights of the tokens of this worker's documents, in order.
    ///
    /// - Parameters:
    ///   - rows: the documents of the batch that each worker works on.
    ///   - vectors, weights: room for the result.
    package func gather(
        _ batch: DocumentBatch, rows: [Range<Int>], into vectors: GrowingTensor, weights: GrowingTensor
    ) throws -> EncoderRead {
        read(batch, rows: rows)
        let out = vectors.room(rows: ownTokens, dims: dims)
        if group.size == 1 {
            device.gatherRows(embeddings.table.value, ids, into: out)
        } else {
            let exchanged = Exchanged(self)
            device.gatherRows(embeddings.table.value, ids, into: exchanged.columns)
            try send(exchanged)
            for (slice, part) in exchanged.slices { device.copy(part, to: out.columns(slice)) }
        }
        return EncoderRead(vectors: out, weights: self.weights(batch, rows[group.rank], into: weights))
    }

    private func send(_ exchanged: Exchanged) throws {
        try device.withHost(exchanged.columns, .read) { mine in
            try device.withHost(exchanged.packed, .write) { packed in
                try group.communicator.alltoall(
                    send: exchanged.shares.map { mine.bytes(of: $0) }, receive: exchanged.parts.map { packed.bytes(of: $0) })
            }
        }
    }

    /// This worker's columns of the gradients of all tokens, without padding.
    private func ownColumns(of gradient: Tensor) throws -> Tensor {
        if group.size == 1 {
            let columns = columnRoom.room(rows: ids.count, dims: dims, isPadded: false)
            device.copy(gradient.columns(0..<dims), to: columns)
            return columns
        }
        let exchanged = Exchanged(self)
        for (slice, part) in exchanged.slices { device.copy(gradient.columns(slice), to: part) }
        try sendBack(exchanged)
        return exchanged.columns
    }

    private func sendBack(_ exchanged: Exchanged) throws {
        try device.withHost(exchanged.packed, .read) { packed in
            try device.withHost(exchanged.columns, .write) { mine in
                try group.communicator.alltoall(
                    send: exchanged.parts.map { packed.bytes(of: $0) }, receive: exchanged.shares.map { mine.bytes(of: $0) })
            }
        }
    }

    private func read(_ batch: DocumentBatch, rows: [Range<Int>]) {
        ids.removeAll(keepingCapacity: true)
        shares = rows.map { rows in
            let first = ids.count
            for row in rows { ids += batch.features.columns(Int(batch.docs[row])).prefix(longest) }
            return first..<ids.count
        }
    }

    private func weights(_ batch: DocumentBatch, _ rows: Range<Int>, into room: GrowingTensor) -> Tensor {
        var values: [Float] = []
        values.reserveCapacity(ownTokens)
        for row in rows { values += batch.features.weights(Int(batch.docs[row])).prefix(longest) }
        let tensor = room.room(rows: 1, dims: values.count, isPadded: false)
        device.upload(Buffer(values), to: tensor)
        return tensor
    }

    /// What the workers send each other: the tokens' vectors by columns of one worker, and by documents of one worker.
    private struct Exchanged {
        /// This worker's columns of all tokens: tokens×|columns|.
        let columns: Tensor
        /// Each worker's columns of this worker's tokens, one after the other.
        let packed: Tensor
        /// What goes between this worker and each other: floats of `columns`, and of `packed`.
        let shares: [Range<Int>], parts: [Range<Int>]
        /// Each worker's columns, and where they are in `packed`: |own tokens|×|columns|.
        let slices: [(columns: Range<Int>, part: Tensor)]

        init(_ exchange: TokenExchange) {
            let width = exchange.embeddings.columns.count, tokens = exchange.ownTokens,
                cuts = exchange.group.slices(exchange.dims)
            columns = exchange.columnRoom.room(rows: exchange.ids.count, dims: width, isPadded: false)
            let packed = exchange.packedRoom.room(rows: 1, dims: exchange.dims * tokens, isPadded: false)
            shares = exchange.shares.map { $0.lowerBound * width..<$0.upperBound * width }
            let parts = runningRanges(cuts.map { $0.count * tokens })
            slices = zip(cuts, parts).map { ($0, packed.matrix(at: $1.lowerBound, rows: tokens, cols: $0.count)) }
            (self.packed, self.parts) = (packed, parts)
        }
    }

    /// The optimiser's step on this worker's columns of the batch's tokens.
    ///
    /// - Parameter gradient: of the vectors that `gather` gave.
    package func step(gradient: Tensor, _ step: OptimiserStep) throws {
        let own = try ownColumns(of: gradient)
        guard !ids.isEmpty else { return }
        // Each token of the batch is a document of its own, of weight 1.
        let ones = Buffer<Float>(count: ids.count)
        ones.fill(1)
        let single = CSRMatrix(
            rows: ids.count, cols: embeddings.table.rows, starts: Buffer((0...Int64(ids.count)).map { $0 }),
            indices: Buffer(ids), values: ones)
        embeddings.step(single, docs: (0..<Int32(ids.count)).map { $0 }, gradient: own, step)
    }
}

/// Memory that grows to the largest size asked for, and is kept; its content is lost when it grows.
package final class GrowingTensor {
    private let device: any Device
    private var memory: DeviceMemory

    package init(on device: any Device) {
        self.device = device
        memory = device.memory(floats: 1)
    }

    /// rows×dims. Of padded tensors `dims` must not change, so that padding stays zero.
    package func room(rows: Int, dims: Int, isPadded: Bool = true) -> Tensor {
        let stride = isPadded ? paddedWidth(dims) : dims, count = rows * stride
        if memory.count < count { memory = device.memory(floats: count + count / 4) }
        return Tensor(memory, rows: rows, cols: dims, stride: stride)
    }
}
