import DeepXMLModel
import Devices
import Support
import Transport

/// Whole vectors of the tokens of a worker's documents, of embeddings that the group holds by columns; and their gradients
/// back to the owners of the columns.
package final class TokenExchange {
    package let embeddings: EmbeddingShard
    private let group: WorkerGroup
    private let dims: Int
    /// Of the last batch: the tokens of all documents in order, and where those of each worker's documents are.
    private var ids: [Int32] = []
    private var shares: [Range<Int>] = []
    private let columns = GrowingBuffer(), packed = GrowingBuffer()

    /// - Parameter dims: D of the whole embeddings.
    package init(group: WorkerGroup, embeddings: EmbeddingShard, dims: Int) {
        self.group = group
        self.embeddings = embeddings
        self.dims = dims
    }

    private var width: Int { embeddings.columns.count }
    private var ownTokens: Range<Int> { shares[group.rank] }

    /// The vectors (tokens×ld) of the tokens of this worker's documents, in order.
    ///
    /// - Parameters:
    ///   - rows: the documents of the batch that each worker works on.
    ///   - values: takes the tokens' weights.
    package func gather(_ batch: DocumentBatch, rows: [Range<Int>], into vectors: GrowingBuffer, weights values: GrowingBuffer)
        throws
    {
        read(batch, rows: rows, weights: values)
        let table = embeddings.table.value, mine = columns.room(ids.count * width)
        for (at, id) in ids.enumerated() { (mine + at * width).update(from: table.hostRow(Int(id)), count: width) }
        let slices = group.slices(dims), parts = runningRanges(slices.map { $0.count * ownTokens.count })
        _ = packed.room(dims * ownTokens.count)
        try group.communicator.alltoall(
            send: shares.map { columns.bytes($0.lowerBound * width..<$0.upperBound * width) },
            receive: parts.map { packed.bytes($0) })
        let ld = paddedWidth(dims), out = vectors.room(ownTokens.count * ld)
        for at in 0..<ownTokens.count {
            for (slice, part) in zip(slices, parts) {
                (out + at * ld + slice.lowerBound).update(
                    from: packed.pointer + part.lowerBound + at * slice.count, count: slice.count)
            }
            (out + at * ld + dims).update(repeating: 0, count: ld - dims)
        }
    }

    private func read(_ batch: DocumentBatch, rows: [Range<Int>], weights values: GrowingBuffer) {
        ids.removeAll(keepingCapacity: true)
        shares = rows.map { rows in
            let first = ids.count
            for row in rows { ids += batch.features.columns(Int(batch.docs[row])) }
            return first..<ids.count
        }
        var at = values.room(ownTokens.count)
        for row in rows[group.rank] {
            let weights = batch.features.weights(Int(batch.docs[row]))
            for weight in weights {
                at.pointee = weight
                at += 1
            }
        }
    }

    /// The optimiser's step on this worker's columns of the batch's tokens.
    ///
    /// - Parameter gradient: of the vectors that `gather` gave, tokens×ld.
    package func step(gradient: UnsafePointer<Float>, _ optimiser: OptimiserStep) throws {
        let slices = group.slices(dims), parts = runningRanges(slices.map { $0.count * ownTokens.count })
        let ld = paddedWidth(dims), out = packed.room(dims * ownTokens.count)
        for at in 0..<ownTokens.count {
            for (slice, part) in zip(slices, parts) {
                (out + part.lowerBound + at * slice.count).update(
                    from: gradient + at * ld + slice.lowerBound, count: slice.count)
            }
        }
        _ = columns.room(ids.count * width)
        try group.communicator.alltoall(
            send: parts.map { packed.bytes($0) },
            receive: shares.map { columns.bytes($0.lowerBound * width..<$0.upperBound * width) })
        guard !ids.isEmpty else { return }
        // Each token of the batch is a document of its own, of weight 1.
        let ones = Buffer<Float>(count: ids.count)
        ones.fill(1)
        let single = CSRMatrix(
            rows: ids.count, cols: embeddings.table.value.rows, starts: Buffer((0...Int64(ids.count)).map { $0 }),
            indices: Buffer(ids), values: ones)
        embeddings.step(
            single, docs: (0..<Int32(ids.count)).map { $0 }, gradient: columns.pointer, optimiser, team: group.team)
    }
}

/// Memory that grows to the largest size asked for, and is kept; its content is lost when it grows.
package final class GrowingBuffer {
    private var buffer = Buffer<Float>(count: 0)
    package var pointer: UnsafeMutablePointer<Float> { buffer.pointer }

    package func room(_ count: Int) -> UnsafeMutablePointer<Float> {
        if buffer.count < max(1, count) { buffer = Buffer(count: max(1, count + count / 4)) }
        return buffer.pointer
    }

    package func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: buffer.pointer + range.lowerBound, count: range.count * MemoryLayout<Float>.stride)
    }
}
