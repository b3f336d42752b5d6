import Checkpoint
import Config
import Datasets
import Support

extension TrainOptions {
    /// What the checkpoints and results of a learner belong to.
    package func identity(seed: UInt64, data: XCDataset, embeddingsFingerprint: String) -> CheckpointIdentity {
        CheckpointIdentity(
            configFingerprint: learnerFingerprint, dataFingerprint: "\(data.fingerprint)-\(embeddingsFingerprint)",
            seed: Int(truncatingIfNeeded: seed), programVersion: programVersion,
            config: config.flatSettings,
            data: [
                "data set": data.fingerprint, "token embeddings": embeddingsFingerprint,
                "training documents": "\(data.trainFeatures.rows)", "features": "\(data.vocabularySize)",
                "labels": "\(data.labelCount)",
            ])
    }
}
