import Checkpoint
import Config
import Datasets
import Support

/// What all learners of a run share.
public struct RunSettings: Sendable {
    public var options: TrainOptions
    public var data: XCDataset
    /// V×D token embeddings, by their name in the config; none where all modules draw theirs at random.
    public var embeddings: [String: DenseMatrix]
    public var identity: @Sendable (_ seed: UInt64) -> CheckpointIdentity

    public init(
        options: TrainOptions, data: XCDataset, embeddings: [String: DenseMatrix],
        identity: @escaping @Sendable (_ seed: UInt64) -> CheckpointIdentity
    ) {
        self.options = options
        self.data = data
        self.embeddings = embeddings
        self.identity = identity
    }

    package var dims: Int { options.config.global.embeddingDims }
}
