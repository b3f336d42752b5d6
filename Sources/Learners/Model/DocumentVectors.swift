import Support

/// Makes vectors of documents. Used by one thread.
public protocol DocumentVectors: AnyObject {
    /// D of a vector.
    var dims: Int { get }

    /// The documents' vectors, N×D; those of a document depend on it alone.
    ///
    /// - Parameter features: N×V, as the model reads documents.
    func encode(_ features: CSRMatrix) throws -> DenseMatrix
}

extension TrainedModel {
    /// What makes the vectors that this learner's classifiers or searches see: of a network x̂ or z, of Slice its unit vectors.
    ///
    /// - Parameter asked: names layer, module and threads; its features are not read.
    /// - Throws: `Failure`: `.usage` where the model makes none, `.damagedCheckpoint` where a checkpoint is damaged.
    public func documentVectors(_ asked: Extraction) throws -> any DocumentVectors {
        try learner.documentVectors(asked, of: self)
    }
}
