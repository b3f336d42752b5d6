import DeepXMLModel
import Support
import Transport

/// Top-k lists of all documents, each worker of a group holding the rows of its slice: how they are dealt out.
///
/// Lists are made where their row is owned; classifiers need them where their labels are (`OwnShortlists`). Both ways go by
/// blocks of rows, so that no worker ever holds more than a block of all of them.
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

    /// Calls `body` with each of `sliceBlocks`, and reports how far that is. Collective, since all look out for a stop.
    ///
    /// - Parameters:
    ///   - what: is done with the documents.
    ///   - control: of the learner in training, which may be stopped between blocks; nil: it may not.
    /// - Throws: `Interrupted` where a rank was asked to stop; what `body` throws.
    package func forEachSliceBlock(
        _ what: String, stoppedBy control: LearnerControl? = nil, _ body: ([Range<Int>]) throws -> Void
    ) throws {
        try ProgressScope.stage(what, of: rows, "documents") { progress in
            for (number, block) in sliceBlocks.enumerated() {
                if number % 16 == 15 { try control?.betweenModules() }
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
}
