import DeepXMLModel
import Support
import Transport

/// Top-k lists of all documents, each worker of a group holding the rows of its slice: how they are dealt out.
///
/// Lists are made where their row is owned; classifiers need them where their labels are. Both ways go by blocks of rows,
/// so that no worker ever holds more than a block of all of them.
package struct RowLists {
    package let group: WorkerGroup
    /// Documents over all workers.
    package let rows: Int

    package init(
        group: WorkerGroup, rows: Int
    ) {
        self.group = group
        self.rows = rows
    }
    /// Rows of one block over all workers.
    package static let block = 1024

    package var ownRows: Range<Int> { group.ownSlice(rows) }
    package var slices: [Range<Int>] { group.slices(rows) }

    /// Blocks in which each worker handles some rows of its own slice: for each block, the rows of every worker.
    package var sliceBlocks: [[Range<Int>]] {
        let height = max(1, Self.block / group.size), longest = slices.map(\.count).max() ?? 0
        return stride(from: 0, to: longest, by: height).map { offset in
            slices.map { slice in
                let from = min(slice.lowerBound + offset, slice.upperBound)
                return from..<min(from + height, slice.upperBound)
            }
        }
    }

    /// Calls `body` with each of `sliceBlocks`, and reports how far that is.
    ///
    /// - Parameter what: is done with the documents.
    package func forEachSliceBlock(_ what: String, _ body: ([Range<Int>]) throws -> Void) throws {
        try ProgressScope.stage(what, of: rows, "documents") { progress in
            for block in sliceBlocks {
                try body(block)
                progress.advance(by: block.reduce(0) { $0 + $1.count })
            }
        }
    }

    /// Merges the lists that each worker found for all rows of a block, at the owner of each row.
    ///
    /// - Parameters:
    ///   - local: this worker's lists of the block's rows, in the order of `block`; ids distinct between workers.
    /// - Returns: the k best of each of this worker's own rows of the block.
    package func merge(_ local: TopK, block: [Range<Int>], k: Int) throws -> TopK {
        if group.size == 1 && local.k == k { return local }
        let own = block[group.rank].count, send = runningRanges(block.map { $0.count * local.k })
        let parts = (0..<group.size).map { _ in TopK(rows: own, k: local.k) }
        try group.communicator.alltoall(
            send: send.map { local.indices.bytes(of: $0) }, receive: parts.map { $0.indices.bytes(of: 0..<own * local.k) })
        try group.communicator.alltoall(
            send: send.map { local.scores.bytes(of: $0) }, receive: parts.map { $0.scores.bytes(of: 0..<own * local.k) })
        return group.device.merge(parts, k: k)
    }

    /// Calls `body` with the whole list of every row, in the order of rows.
    ///
    /// - Parameters:
    ///   - own: the lists of this worker's slice.
    ///   - withScores: false: `body` gets scores of this worker's slice only.
    package func forEachRow(
        _ own: TopK, withScores: Bool, _ body: (_ row: Int, _ ids: BufferSlice<Int32>, _ scores: BufferSlice<Float>) -> Void
    ) throws {
        try ProgressScope.stage("dealing out shortlists", of: rows, "documents") { progress in
            for from in stride(from: 0, to: rows, by: Self.block) {
                try forBlock(from..<min(from + Self.block, rows), own, withScores: withScores, body)
                progress.advance(to: min(from + Self.block, rows))
            }
        }
    }

    /// `forEachRow` of some neighbouring rows.
    private func forBlock(
        _ range: Range<Int>, _ own: TopK, withScores: Bool, _ body: (Int, BufferSlice<Int32>, BufferSlice<Float>) -> Void
    ) throws {
        let k = own.k, mine = ownRows, from = range.lowerBound
        let lists = TopK(rows: range.count, k: k), shared = slices.map { $0.clamped(to: range) }
        let blocks = shared.map { ($0.lowerBound - from) * k..<($0.upperBound - from) * k }
        let part = shared[group.rank]
        lists.replace(
            from: part.lowerBound - from, with: own,
            rows: part.lowerBound - mine.lowerBound..<part.upperBound - mine.lowerBound)
        try group.communicator.allgather(lists.indices, blocks: blocks)
        if withScores { try group.communicator.allgather(lists.scores, blocks: blocks) }
        for row in range { body(row, lists.ids(row - from), lists.scores(row - from)) }
    }
}
