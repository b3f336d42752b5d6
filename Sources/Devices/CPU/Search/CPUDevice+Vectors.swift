import Kernels
import Support

extension CPUDevice {
    public func exactSearch(over database: Tensor, firstId: Int) -> any NeighbourSearch {
        precondition(firstId + database.rows <= Int(Int32.max) && database.isContiguous)
        return CPUExactSearch(database: database, firstId: firstId, team: team)
    }

    public func packedSearch(over database: Tensor, firstId: Int) -> any NeighbourSearch {
        CPUPackedSearch(database, dims: database.cols, firstId: firstId, bias: nil, team: team)
    }

    public func graphSearch(
        over database: Tensor, firstId: Int, settings: GraphSettings, parts: Int, seed: Int, progress: ProgressStage
    ) throws -> any NeighbourSearch {
        try CPUGraphSearch(
            over: database, firstId: firstId, settings: settings, parts: parts, seed: seed, team: team, progress: progress)
    }

    public func makeUnitRows(_ rows: Tensor) {
        team.forRanges(rows.rows, grain: 64) { range in
            if rows.isContiguous { return dx_unit_rows(rows.row(range.lowerBound), range.count, rows.cols) }
            for row in range { dx_unit_rows(rows.row(row), 1, rows.cols) }
        }
    }

    public func addRows(_ pairs: [RowPair], of x: Tensor, to sums: Tensor) {
        precondition(x.cols == sums.cols)
        for pair in pairs { dx_add(sums.row(Int(pair.to)), x.row(Int(pair.from)), x.cols) }
    }

    public func copyRows(_ pairs: [RowPair], of x: Tensor, to target: Tensor) {
        precondition(x.cols == target.cols)
        for pair in pairs { target.row(Int(pair.to)).update(from: x.row(Int(pair.from)), count: x.cols) }
    }

    public func representatives(of documents: Tensor, dims: Int, count: Int, rounds: Int) -> Tensor {
        let clusters = min(count, documents.rows)
        let means = tensor(rows: clusters, cols: documents.cols), nearest = Buffer<Int32>(count: documents.rows)
        copyRows((0..<clusters).map { RowPair(from: $0 * documents.rows / clusters, to: $0) }, of: documents, to: means)
        for _ in 0..<rounds {
            assign(documents, to: means, dims: dims, nearest)
            let sums = tensor(rows: clusters, cols: documents.cols)
            addRows(nearest.all.enumerated().map { RowPair(from: $0, to: Int($1)) }, of: documents, to: sums)
            // A cluster that lost all documents keeps its place.
            copyRows(Set(nearest.all).map { RowPair(from: Int($0), to: Int($0)) }, of: sums, to: means)
            makeUnitRows(means)
        }
        return means
    }

    /// The number of the mean with the largest product, for each document.
    private func assign(_ documents: Tensor, to means: Tensor, dims: Int, _ nearest: Buffer<Int32>) {
        team.forRanges(documents.rows, grain: 64) { range in
            let products = Buffer<Float>(count: range.count * means.rows)
            let memory = Buffer<Float>(count: dx_gemm_workspace(range.count, means.rows, dims))
            dx_gemm(
                range.count, means.rows, dims, documents.row(range.lowerBound), documents.stride, 1, means.pointer, 1,
                means.stride, products.pointer, means.rows, 0, memory.pointer)
            for (i, document) in range.enumerated() {
                let own = products[i * means.rows..<(i + 1) * means.rows]
                var best = 0
                for cluster in own.indices.dropFirst() where own[cluster] > own[best] { best = cluster }
                nearest[document] = Int32(best)
            }
        }
    }
}
