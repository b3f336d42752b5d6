import Checkpoint
import Config
import Datasets
import Support

extension CheckpointIdentity {
    /// Properties that say what encoders start from.
    fileprivate static let embeddings = "token embeddings", weights = "pretrained weights"

    /// The fingerprints of all files that encoders start from, joined by `+`.
    package var encoderStart: String? { data[Self.weights] ?? data[Self.embeddings] }
}

extension TrainOptions {
    /// What the checkpoints and results of a learner belong to.
    package func identity(seed: UInt64, data: XCDataset, embeddingsFingerprint: String) -> CheckpointIdentity {
        let isPretrained = [ConfigSection.surrogate, .extreme, .reranker].contains {
            config[module: $0].encoder.start == .pretrained
        }
        return CheckpointIdentity(
            configFingerprint: learnerFingerprint, dataFingerprint: "\(data.fingerprint)-\(embeddingsFingerprint)",
            seed: Int(truncatingIfNeeded: seed), programVersion: programVersion,
            config: config.flatSettings.merging(validationSettings) { old, _ in old },
            data: [
                "data set": data.fingerprint,
                isPretrained ? CheckpointIdentity.weights : CheckpointIdentity.embeddings: embeddingsFingerprint,
                "validation": validation.map { "\($0.source)" },
                "training documents": "\(data.trainFeatures.rows)", "features": "\(data.vocabularySize)",
                "labels": "\(data.labelCount)",
            ].compactMapValues { $0 })
    }

    /// What validation changes of a learner, by its options' names.
    private var validationSettings: [String: String] {
        let settings = (validation?.learnerSettings ?? [:]).map { ("validation.\($0)", $1) }
        return Dictionary(uniqueKeysWithValues: settings)
    }
}
