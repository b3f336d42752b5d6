import Support

/// Tiles of inner products, and of each tile what is among a query's k best so far. The same bits as `CPUExactSearch`.
struct GPUExactSearch: NeighbourSearch {
    let device: GPUDevice
    /// M×ld, of which the first `dims` count.
    let database: Tensor
    let dims: Int
    let firstId: Int
    /// One a row, added to its products.
    let bias: Tensor?
    private static let queriesAtATime = 1024, rowsAtATime = 16_384
    /// What `select_best` has room for.
    private static let mostWanted = 1024

    var count: Int { database.rows }

    func topK(queries: Tensor, k: Int) throws -> TopK {
        precondition(k >= 1 && queries.cols >= dims && firstId + count <= Int(Int32.max))
        guard k <= Self.mostWanted else { return try onHost(queries, k: k) }
        let found = TopK(rows: queries.rows, k: k)
        for from in stride(from: 0, to: queries.rows, by: Self.queriesAtATime) {
            search(queries.rows(from..<min(from + Self.queriesAtATime, queries.rows)).columns(0..<dims), into: found, from: from)
        }
        try device.check()
        return found
    }

    private func search(_ queries: Tensor, into found: TopK, from first: Int) {
        let k = found.k, entries = first * k..<(first + queries.rows) * k, bytes = 4 * entries.count
        let width = min(Self.rowsAtATime, max(1, count))
        device.attempt {
            try device.scratch.with(bytes: 4 * queries.rows * width) { scores in
                try device.scratch.with(found.scores.view(entries), count: entries.count) { best in
                    try device.scratch.with(found.indices.view(entries), count: entries.count) { ids in
                        for from in stride(from: 0, to: count, by: width) {
                            tile(queries, from..<min(from + width, count), k: k, scores, best, ids)
                        }
                        let address = first * k
                        try device.backend.read(
                            best, at: 0, into: UnsafeMutableRawBufferPointer(start: found.scores.pointer + address, count: bytes))
                        try device.backend.read(
                            ids, at: 0, into: UnsafeMutableRawBufferPointer(start: found.indices.pointer + address, count: bytes))
                    }
                }
            }
        }
    }

    private func tile(
        _ queries: Tensor, _ rows: Range<Int>, k: Int, _ scores: any GPUMemory, _ best: any GPUMemory, _ ids: any GPUMemory
    ) {
        let own = Tensor(GPUFloats(scores, count: scores.bytes / 4) {}, rows: queries.rows, cols: rows.count)
        device.multiply(queries, transposed: database.rows(rows).columns(0..<dims), into: own)
        let bias = bias.map { $0.rows(rows) }
        device.run("select_best", in: .search, groups: GPUExtent(queries.rows), items: GPUExtent(256)) {
            own.arguments + [.long(rows.count)] + (bias ?? own).vector + [.int(bias == nil ? 0 : 1)]
                + [.int(firstId + rows.lowerBound), .int(k), .memory(best), .memory(ids)]
        }
    }

    private func onHost(_ queries: Tensor, k: Int) throws -> TopK {
        let found = device.onHost(read: [queries, database] + (bias.map { [$0] } ?? []), write: []) { host, t in
            CPUPackedSearch(t[1], dims: dims, firstId: firstId, bias: bias.map { _ in t[2] }, team: host.team)
                .topK(queries: t[0], k: k)
        }
        try device.check()
        return found
    }
}
