import Datasets
import DeepXMLModel
import Devices
import Support
import Training
import Transport

/// What Slice's classifiers see of a document: its dense features, or the sum Σ_t x_t E_t of its tokens' embeddings; of length 1.
struct SliceVectors {
    let device: any Device
    /// E, V×D; nil where features are vectors already.
    let table: Tensor?
    /// D.
    let dims: Int

    init(device: any Device, table: DenseMatrix?, features: Int) {
        self.device = device
        self.table = table.map(device.tensor)
        dims = table?.cols ?? features
    }

    /// |rows|×D, padded. Each row depends on its document alone.
    func rows(_ rows: Range<Int>, of features: CSRMatrix) -> Tensor {
        let out = device.paddedTensor(rows: rows.count, dims: dims)
        write(rows, of: features, into: out)
        return out
    }

    private func write(_ rows: Range<Int>, of features: CSRMatrix, into out: Tensor) {
        device.documentVectors(features, rows: rows, table: table, into: out)
        device.makeUnitRows(out)
    }

    /// All documents, on every worker: each makes those of its slice. Collective.
    func all(_ features: CSRMatrix, _ group: WorkerGroup) throws -> Tensor {
        let all = device.paddedTensor(rows: features.rows, dims: dims), own = group.ownSlice(features.rows)
        ProgressScope.stage("document vectors") { _ in write(own, of: features, into: all.rows(own)) }
        guard group.size > 1, features.rows > 0 else { return all }
        try device.withHost(all.withPadding, .readWrite) { floats in
            try group.communicator.allgather(
                floats, blocks: group.slices(features.rows).map { $0.lowerBound * all.stride..<$0.upperBound * all.stride })
        }
        return all
    }
}

extension Device {
    /// Embeddings drawn at random: U(−a, a), a = √(6 / (V + D)) · √2, as encoders draw theirs (`EmbeddingShard`).
    func randomEmbeddings(tokens: Int, dims: Int, _ streams: RandomStreams) -> Tensor {
        let table = tensor(rows: tokens, cols: dims), bound = Float((12.0 / Double(tokens + dims)).squareRoot())
        fillUniform(table, streams.stream(.embeddingInit, step: 0), firstRow: 0, firstColumn: 0, bound: bound)
        return table
    }
}
