import Checkpoint
import Devices
import Support
import Training

/// Matrices out of a learner of Slice.
struct SliceExtraction {
    let asked: Extraction

    /// Document embeddings: N×D, the unit vectors that classifiers see (of either layer). Token embeddings: V×D, what documents
    /// are the sum of. Classifier weights: L×(D+1), row l of label id l (zeros where no training document has it), biases in the
    /// last column.
    func matrix(of model: TrainedModel) throws -> DenseMatrix {
        switch asked.what {
        case .classifierWeights: return try classifierWeights(model)
        case .tokenEmbeddings:
            let lists = try model.checkpoint(asked.module ?? ModuleName.shortlist.name)
            guard lists.contains("encoder") else { throw noTokens(model) }
            let (rows, cols) = try lists.extent("encoder")
            return DenseMatrix(rows: rows, cols: cols, buffer: try lists.replicated("encoder"))
        case .documentEmbeddings:
            guard let features = asked.features else {
                throw Failure(
                    .usage, "no documents to embed", at: "--features", expected: "a file of features: XC text, .npz, .npy, …",
                    advice: "give --features FILE, such as the data set's tst_X_Xf.txt")
            }
            let documents = try model.featureFile().read(features, threads: asked.threads)
            return try SliceDocuments(asked, of: model).encode(documents)
        }
    }

    /// Block by block: beside the result only some rows are in memory.
    private func classifierWeights(_ model: TrainedModel) throws -> DenseMatrix {
        let reader = try model.checkpoint(asked.module ?? ModuleName.extreme.name)
        guard reader.contains("classifier.weight") else {
            throw Failure(
                .usage, "module \"\(reader.key.module)\" has no \(asked.what.rawValue)", at: "--module",
                found: reader.key.module, expected: ModuleName.extreme.name, advice: "leave --module out")
        }
        let lists = try model.checkpoint(ModuleName.shortlist.name), labels = model.labelIds
        let dims = lists.contains("encoder") ? try lists.extent("encoder").cols : model.data.vocabularySize
        try reader.require("classifier.weight", rows: labels.count, cols: paddedWidth(dims))
        try reader.require("classifier.bias", rows: labels.count, cols: 1)
        let result = DenseMatrix(rows: model.data.labelCountInFile, cols: dims + 1), block = 16384
        for from in stride(from: 0, to: labels.count, by: block) {
            let range = from..<min(from + block, labels.count)
            let weights: Buffer<Float> = try reader.rectangle("classifier.weight", range, 0..<dims)
            let biases: Buffer<Float> = try reader.rows("classifier.bias", range)
            for (i, label) in range.enumerated() {
                let row = Int(labels[label])
                for c in 0..<dims { result[row, c] = weights[i * dims + c] }
                result[row, dims] = biases[i]
            }
        }
        return result
    }

    private func noTokens(_ model: TrainedModel) -> Failure {
        Failure(
            .usage, "the model has no token embeddings", at: "--what", found: "\(model.data.featureType.rawValue) features",
            expected: "a model of documents that are the sum of their tokens' embeddings",
            advice: "extract document-embeddings or classifier-weights")
    }
}

/// The unit vectors that a learner's classifiers see of any documents.
final class SliceDocuments: DocumentVectors {
    private let group: WorkerGroup
    private let vectors: SliceVectors

    var dims: Int { vectors.dims }

    init(_ asked: Extraction, of model: TrainedModel) throws {
        group = try WorkerGroup.alone(threads: asked.threads)
        vectors = try SliceVectors(
            trained: model.checkpoint(asked.module ?? ModuleName.shortlist.name), features: model.data.vocabularySize,
            device: group.device)
    }

    deinit { group.team.stop() }

    func encode(_ features: CSRMatrix) throws -> DenseMatrix {
        let rows = vectors.rows(0..<features.rows, of: features)
        return DenseMatrix(rows: rows.rows, cols: rows.cols, buffer: group.device.download(rows))
    }
}
