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
        let sending = own.byLabel(firstRow: ownRows.lowerBound, documents: rows, labels: labels, runs: dealt.flatMap { $0 })
        if group.size == 1 { return sending }
        let places = runningRanges(dealt.map { $0.reduce(0) { $0 + $1.count } }), mine = places[group.rank].count
        let counts = Buffer<Int32>((0..<sending.rows).map { Int32(sending.range($0).count) })
        let countBlocks = (0..<group.size).map { mine * $0..<mine * ($0 + 1) }, received = Buffer<Int32>(count: mine * group.size)
        try group.communicator.alltoall(from: counts, places, into: received, countBlocks)

        let starts = countBlocks.map { block in
            block.reduce(into: [Int64(0)]) { $0.append($0[$0.count - 1] + Int64(received[$1])) }
        }
        let blocks = runningRanges(starts.map { Int($0[mine]) }), documents = Buffer<Int32>(count: blocks.last?.upperBound ?? 0)
        let sent = places.map { Int(sending.starts[$0.lowerBound])..<Int(sending.starts[$0.upperBound]) }
        try group.communicator.alltoall(from: sending.indices, sent, into: documents, blocks)
        return CSRMatrix.joiningRows(
            zip(starts, blocks).map { starts, block in
                CSRMatrix(rows: mine, cols: rows, starts: Buffer(starts), indices: documents.view(block), values: nil)
            })
    }
}
