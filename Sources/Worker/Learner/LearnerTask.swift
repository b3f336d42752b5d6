import Buffers
import Checkpoint
import DeepXMLModel
import XCData

/// What all learners of a run share.
public struct RunSettings: Sendable {
    public var options: TrainOptions
    public var data: XCDataset
    /// V×D token embeddings; nil: drawn at random.
    public var embeddings: DenseMatrix?
    public var identity: @Sendable (_ seed: UInt64) -> CheckpointIdentity

    public init(
        options: TrainOptions, data: XCDataset, embeddings: DenseMatrix?,
        identity: @escaping @Sendable (_ seed: UInt64) -> CheckpointIdentity
    ) {
        self.options = options
        self.data = data
        self.embeddings = embeddings
        self.identity = identity
    }

    var dims: Int { options.config.global.embeddingDims }
}
