import Checkpoint
import Support

/// Matrices out of a learner of encoders and classifiers.
struct NetworkExtraction {
    private let asked: Extraction
    private let framework: any NetworkLearner
    private var module: String? { asked.module }

    init(_ asked: Extraction, framework: any NetworkLearner) {
        self.asked = asked
        self.framework = framework
    }

    /// Document embeddings: N×D, x̂ of module II or, of layer `final`, z of the extreme classifiers' module. Token
    /// embeddings: V×D of the first module that trains them. Classifier weights: L×(D+1), row l of label id l (zeros where
    /// no training document has it), biases in the last column; of the extreme classifiers.
    ///
    /// - Throws: `Failure`: `.usage` where the model has none of it, `.damagedCheckpoint` where a checkpoint is damaged.
    func matrix(of model: TrainedModel) throws -> DenseMatrix {
        switch asked.what {
        case .classifierWeights: return try classifierWeights(model)
        case .tokenEmbeddings:
            let reader = try model.checkpoint(module ?? first(with: "encoder", in: model)), name = "encoder"
            guard reader.contains(name) else { throw missing(name, in: reader, model) }
            let (rows, cols) = try reader.extent(name)
            return DenseMatrix(rows: rows, cols: cols, buffer: try reader.replicated(name))
        case .documentEmbeddings:
            guard let features = asked.features else {
                throw Failure(
                    .usage, "no documents to embed", at: "--features", expected: "a file of features: XC text, .npz, .npy, …",
                    advice: "give --features FILE, such as the data set's tst_X_Xf.txt")
            }
            let documents = try model.featureFile().read(features, threads: asked.threads)
            return try documentVectors(of: model).encode(documents)
        }
    }

    /// x̂ of module II or, of layer `final`, z of the extreme classifiers' module.
    func documentVectors(of model: TrainedModel) throws -> DocumentEncoder {
        try DocumentEncoder(
            model: model, framework: framework,
            module: module ?? first(with: "classifier.weight", in: model, orElse: "extreme"), layer: asked.layer,
            threads: asked.threads)
    }

    /// Block by block: beside the result only some rows are in memory.
    private func classifierWeights(_ model: TrainedModel) throws -> DenseMatrix {
        let reader = try model.checkpoint(module ?? first(with: "classifier.weight", in: model, orElse: "extreme"))
        guard reader.contains("classifier.weight") else { throw missing("classifier.weight", in: reader, model) }
        let rows = try reader.extent("classifier.weight").rows, dims = try model.classifierDims()
        guard rows == model.labelIds.count else { throw otherLabels(rows, reader, model) }
        try reader.require("classifier.bias", rows: rows, cols: 1)
        let result = DenseMatrix(rows: model.data.labelCountInFile, cols: dims + 1), block = 16384
        for from in stride(from: 0, to: rows, by: block) {
            let range = from..<min(from + block, rows)
            let weights: Buffer<Float> = try reader.rectangle("classifier.weight", range, 0..<dims)
            let biases: Buffer<Float> = try reader.rows("classifier.bias", range)
            for (i, label) in range.enumerated() {
                let row = result.elements(Int(model.labelIds[label]))
                row.part(0..<dims).update(from: weights[i * dims..<(i + 1) * dims])
                row[dims] = biases[i]
            }
        }
        return result
    }

    /// The module `preferred` where it is there, else the first that has the array.
    private func first(with array: String, in model: TrainedModel, orElse preferred: String = "") throws -> String {
        let modules = try model.modules()
        if modules.contains(preferred) { return preferred }
        for module in modules where try model.checkpoint(module).contains(array) { return module }
        throw Failure(
            .damagedCheckpoint, "no module of the model has \(array)", at: model.folder, found: modules.joined(separator: ", "),
            advice: "see what is there: deepxml-dist inspect \(model.folder)")
    }

    private func missing(_ array: String, in reader: CheckpointReader, _ model: TrainedModel) -> Failure {
        Failure(
            .usage, "module \"\(reader.key.module)\" has no \(asked.what.rawValue)", at: "--module", found: reader.key.module,
            expected: "a module with \(array)", advice: "leave --module out, or see deepxml-dist inspect \(reader.folder)")
    }

    /// Module I classifies clusters of labels.
    private func otherLabels(_ rows: Int, _ reader: CheckpointReader, _ model: TrainedModel) -> Failure {
        Failure(
            .usage, "the classifiers of module \"\(reader.key.module)\" are not those of the labels", at: "--module",
            found: "\(rows) classifiers", expected: "\(model.labelIds.count)", advice: "leave --module out, or name another")
    }
}
