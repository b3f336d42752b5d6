import DeepXMLModel
import Support
import Training
import Transport

extension RowLists {
    /// The lists turned round: for each label, the documents in whose lists it is, at the worker that owns the label. Collective.
    ///
    /// - Parameter own: this worker's slice of the lists.
    /// - Returns: this worker's labels × all documents.
    func byLabel(_ own: TopK, _ shards: LabelShards) throws -> CSRMatrix {
        let owners = (0..<group.size).map { [shards.labels(ofWorker: $0, workers: group.size)] }
        return try byLabel(own, dealt: owners, labels: shards.labels)
    }

    /// The same for labels that were dealt out in runs. Collective.
    ///
    /// A worker sends each list's entry to one other: in a group of m, about 4·N·k/m bytes.
    ///
    /// - Parameters:
    ///   - own: this worker's slice of the lists.
    ///   - dealt: for each worker the runs of labels that it gets, ascending.
    ///   - labels: of all workers.
    /// - Returns: this worker's labels, run by run, × all documents.
    package func byLabel(_ own: TopK, dealt: [[Range<Int>]], labels: Int) throws -> CSRMatrix {
        let local = own.byLabel(firstRow: ownRows.lowerBound, documents: rows, labels: labels)
        if group.size == 1, dealt == [[0..<labels]] { return local }
        let parts = dealt.map { local.selecting(runs: $0) }, mine = dealt[group.rank].reduce(0) { $0 + $1.count }
        if group.size == 1 { return parts[0] }
        let counts = Buffer<Int32>(parts.flatMap { part in (0..<part.rows).map { Int32(part.range($0).count) } })
        let countBlocks = (0..<group.size).map { mine * $0..<mine * ($0 + 1) }, received = Buffer<Int32>(count: mine * group.size)
        try group.communicator.alltoall(from: counts, runningRanges(parts.map(\.rows)), into: received, countBlocks)

        let starts = countBlocks.map { block in
            block.reduce(into: [Int64(0)]) { $0.append($0[$0.count - 1] + Int64(received[$1])) }
        }
        let blocks = runningRanges(starts.map { Int($0[mine]) }), sent = runningRanges(parts.map(\.nonZeros))
        let sending = Buffer<Int32>(count: sent.last?.upperBound ?? 0),
            documents = Buffer<Int32>(count: blocks.last?.upperBound ?? 0)
        for (part, block) in zip(parts, sent) { sending[block].update(from: part.indices.all) }
        try group.communicator.alltoall(from: sending, sent, into: documents, blocks)
        return CSRMatrix.joiningRows(
            zip(starts, blocks).map { starts, block in
                CSRMatrix(
                    rows: mine, cols: rows, starts: Buffer(starts), indices: Buffer(block.map { documents[$0] }), values: nil)
            })
    }
}

extension CSRMatrix {
    /// Runs of rows, one behind the other, without values.
    fileprivate func selecting(runs: [Range<Int>]) -> CSRMatrix {
        let starts = Buffer<Int64>(count: runs.reduce(1) { $0 + $1.count })
        let indices = Buffer<Int32>(count: runs.reduce(0) { $0 + Int(self.starts[$1.upperBound] - self.starts[$1.lowerBound]) })
        var row = 0, at = 0
        for run in runs {
            let entries = Int(self.starts[run.lowerBound])..<Int(self.starts[run.upperBound])
            indices[at..<at + entries.count].update(from: self.indices[entries])
            for source in run {
                starts[row + 1] = starts[row] + Int64(range(source).count)
                row += 1
            }
            at += entries.count
        }
        return CSRMatrix(rows: row, cols: cols, starts: starts, indices: indices, values: nil)
    }
}
