import Support

extension GPUDevice {
    public func exactSearch(over database: Tensor, firstId: Int) -> any NeighbourSearch {
        precondition(firstId + database.rows <= Int(Int32.max))
        return GPUExactSearch(device: self, database: database, dims: database.cols, firstId: firstId, bias: nil)
    }

    public func packedSearch(over database: Tensor, firstId: Int) -> any NeighbourSearch {
        exactSearch(over: copied(database), firstId: firstId)
    }

    public func packedSearch(over classifier: ClassifierShard) -> any NeighbourSearch {
        search(classifier, weights: copied(classifier.weight.value), bias: copied(classifier.bias.value))
    }

    public func bestLabels(_ classifier: ClassifierShard, z: Tensor, k: Int) -> TopK {
        let search = search(classifier, weights: classifier.weight.value, bias: classifier.bias.value)
        return attempt { try search.topK(queries: z, k: k) } ?? TopK(rows: z.rows, k: k)
    }

    private func search(_ classifier: ClassifierShard, weights: Tensor, bias: Tensor) -> GPUExactSearch {
        GPUExactSearch(
            device: self, database: weights, dims: classifier.dims, firstId: classifier.labels.lowerBound, bias: bias)
    }

    private func copied(_ x: Tensor) -> Tensor {
        let copy = tensor(rows: x.rows, cols: x.cols)
        self.copy(x, to: copy)
        return copy
    }

    public func logits(_ classifier: ClassifierShard, z: Tensor, of wanted: CSRMatrix, docs: [Int32]) -> CSRMatrix {
        let starts = Buffer<Int64>(count: docs.count + 1)
        for (row, doc) in docs.enumerated() { starts[row + 1] = starts[row] + Int64(wanted.range(Int(doc)).count) }
        let total = Int(starts[docs.count]), first = Int32(classifier.labels.lowerBound)
        let indices = Buffer<Int32>(count: total), values = Buffer<Float>(count: total)
        var rows: [Int32] = [], labels: [Int32] = []
        for (row, doc) in docs.enumerated() {
            let own = wanted.columns(Int(doc))
            indices[Int(starts[row])..<Int(starts[row + 1])].update(from: own)
            rows += repeatElement(Int32(row), count: own.count)
            labels += own.map { $0 - first }
        }
        if total > 0 { pairLogits(classifier, z, rows, labels, into: values) }
        return CSRMatrix(rows: docs.count, cols: wanted.cols, starts: starts, indices: indices, values: values)
    }

    private func pairLogits(
        _ classifier: ClassifierShard, _ z: Tensor, _ rows: [Int32], _ labels: [Int32], into values: Buffer<Float>
    ) {
        attempt {
            try scratch.with(rows) { rows in
                try scratch.with(labels) { labels in
                    try scratch.with(bytes: values.byteCount) { out in
                        run("pair_logits", in: .search, groups: Lanes.groups(values.count), items: Lanes.items) {
                            [.long(values.count), .memory(rows), .memory(labels), .long(classifier.ld)] + z.arguments
                                + classifier.weight.value.vector + classifier.bias.value.vector + [.memory(out)]
                        }
                        try backend.read(out, at: 0, into: UnsafeMutableRawBufferPointer(values.bytes))
                    }
                }
            }
        }
    }
}
