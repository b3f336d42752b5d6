import Support
import Training

/// What is to be taken out of a trained learner: a matrix. Frameworks make it (`Learner.extract`).
public struct Extraction: Sendable {
    public enum What: String, CaseIterable, Sendable {
        case documentEmbeddings = "document-embeddings"
        case tokenEmbeddings = "token-embeddings"
        case classifierWeights = "classifier-weights"

        /// Name of the array in archives.
        public var arrayName: String { rawValue.replacing("-", with: "_") }
    }

    /// Of an encoder.
    public typealias Layer = Representation

    public var what: What
    /// nil: the module that the matrix usually comes from.
    public var module: String?
    public var layer = Layer.intermediate
    /// Documents to embed: XC text or scipy's .npz.
    public var features: String?
    public var threads = 1

    public init(_ what: What) { self.what = what }

    /// Document embeddings: N×D. Token embeddings: V×D. Classifier weights: a row for each label id (zeros where no training
    /// document has it), the bias in the last column.
    ///
    /// - Throws: `Failure`: `.usage` where the model has none of it, `.damagedCheckpoint` where a checkpoint is damaged.
    public func matrix(of model: TrainedModel) throws -> ExtractedMatrix {
        try model.requireCheckpoints()
        return try model.learner.extract(self, from: model)
    }
}

/// A matrix as the learner holds it: sparse where it is.
public enum ExtractedMatrix: Sendable {
    case dense(DenseMatrix)
    case sparse(CSRMatrix)

    public var rows: Int {
        switch self {
        case .dense(let matrix): matrix.rows
        case .sparse(let matrix): matrix.rows
        }
    }

    public var cols: Int {
        switch self {
        case .dense(let matrix): matrix.cols
        case .sparse(let matrix): matrix.cols
        }
    }
}
