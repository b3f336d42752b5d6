import DeepXMLModel
import Support
import Training
import Transport

extension RowLists {
    /// The lists turned round: for each label, the documents in whose lists it is, at the worker that owns the label. Collective.
    ///
    /// A worker sends each list's entry to one other: in a group of m, about 4·N·k/m bytes.
    ///
    /// - Parameter own: this worker's slice of the lists.
    /// - Returns: this worker's labels × all documents.
    func byLabel(_ own: TopK, _ shards: LabelShards) throws -> CSRMatrix {
        let local = own.byLabel(firstRow: ownRows.lowerBound, documents: rows, labels: shards.labels)
        if group.size == 1 { return local }
        let owners = (0..<group.size).map { shards.labels(ofWorker: $0, workers: group.size) }, mine = owners[group.rank]
        let counts = Buffer<Int32>((0..<shards.labels).map { Int32(local.range($0).count) })
        let countBlocks = (0..<group.size).map { mine.count * $0..<mine.count * ($0 + 1) }
        let received = Buffer<Int32>(count: mine.count * group.size)
        try group.communicator.alltoall(from: counts, owners, into: received, countBlocks)

        let starts = countBlocks.map { block in
            block.reduce(into: [Int64(0)]) { $0.append($0[$0.count - 1] + Int64(received[$1])) }
        }
        let blocks = runningRanges(starts.map { Int($0[mine.count]) })
        let documents = Buffer<Int32>(count: blocks.last?.upperBound ?? 0)
        try group.communicator.alltoall(
            from: local.indices, owners.map { Int(local.starts[$0.lowerBound])..<Int(local.starts[$0.upperBound]) },
            into: documents,
            blocks)
        return CSRMatrix.joiningRows(
            zip(starts, blocks).map { starts, block in
                CSRMatrix(
                    rows: mine.count, cols: rows, starts: Buffer(starts), indices: Buffer(block.map { documents[$0] }),
                    values: nil)
            })
    }
}
