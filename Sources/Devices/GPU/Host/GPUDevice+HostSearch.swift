import Support

// Graphs and lists: on the CPU, graphs with copies of the vectors.
extension GPUDevice {
    public func graphSearch(
        over database: Tensor, firstId: Int, settings: GraphSettings, parts: Int, seed: Int, progress: ProgressStage
    ) throws -> any NeighbourSearch {
        try onHost(reading: database) {
            HostSearch(
                try $0.graphSearch(
                    over: $1[0], firstId: firstId, settings: settings, parts: parts, seed: seed, progress: progress), self)
        }
    }

    public func makeUnitRows(_ rows: Tensor) { onHost(write: [rows]) { $0.makeUnitRows($1[0]) } }

    public func representatives(of documents: Tensor, dims: Int, count: Int, rounds: Int) -> Tensor {
        let found = onHost(reading: documents) { host, t in
            host.matrix(host.representatives(of: t[0], dims: dims, count: count, rounds: rounds))
        }
        return tensor(found)
    }

    public func merge(_ lists: [TopK], k: Int) -> TopK { host.merge(lists, k: k) }

    public func best(of scores: CSRMatrix, k: Int) -> TopK { host.best(of: scores, k: k) }

    public func labelScores(neighbours: TopK, labels: CSRMatrix, k: Int) -> TopK {
        host.labelScores(neighbours: neighbours, labels: labels, k: k)
    }

    public func blend(_ left: TopK, weight leftWeight: Float, _ right: TopK, weight rightWeight: Float, k: Int) -> TopK {
        host.blend(left, weight: leftWeight, right, weight: rightWeight, k: k)
    }
}

/// A search on the CPU that is asked by tensors of a GPU.
struct HostSearch: NeighbourSearch {
    private let search: any NeighbourSearch
    private let device: GPUDevice

    init(_ search: any NeighbourSearch, _ device: GPUDevice) { (self.search, self.device) = (search, device) }

    var count: Int { search.count }

    func topK(queries: Tensor, k: Int) throws -> TopK {
        try device.onHost(reading: queries) { try search.topK(queries: $1[0], k: k) }
    }
}
