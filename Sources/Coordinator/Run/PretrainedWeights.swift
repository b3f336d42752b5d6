import Checkpoint
import Config
import Formats
import Learners
import Support

/// The pretrained weights that a run's encoders start from, checked; or, where a folder is gone, what the checkpoints of all
/// learners say that they were: these hold the weights as training has changed them.
struct PretrainedWeights {
    /// The sections whose folder was read; that of others is gone, and isn't needed.
    let read: [ConfigSection]
    private let fingerprints: [String]
    /// The fingerprints of all that the checkpoints' encoders started from, joined; nil: no folder is gone.
    private let stored: String?

    /// - Throws: `Failure` where weights are missing that a learner needs, or damaged.
    init(_ sections: [ConfigSection], _ options: TrainOptions) throws {
        var fingerprints: [String] = [], read: [ConfigSection] = [], stored: String?
        for section in sections {
            let folder = Result { try options.pretrainedFolder(options.config[module: section]) }
            if case .failure = folder, let found = try Self.start(of: section, options) {
                stored = found
                continue
            }
            let weights = try PretrainedFolder(path: folder.get()).fingerprint()
            if !fingerprints.contains(weights) { fingerprints.append(weights) }
            read.append(section)
        }
        (self.fingerprints, self.read, self.stored) = (fingerprints, read, stored)
    }

    /// What identifies all that encoders start from.
    ///
    /// - Parameter embeddings: of the files of token embeddings.
    func joined(to embeddings: [String]) -> String {
        let known = embeddings + fingerprints.filter { !embeddings.contains($0) }, own = known.joined(separator: "+")
        guard let stored else { return own }
        // Where one that is here is not among them, the checkpoints are of another run: comparing them says so.
        return Set(known).isSubset(of: stored.split(separator: "+").map(String.init)) ? stored : own
    }

    /// What the encoders of every learner started from, where all of them have a checkpoint of the section's module, and so all
    /// weights; else nil.
    private static func start(of section: ConfigSection, _ options: TrainOptions) throws -> String? {
        guard !options.fresh, !options.config[module: section].encoder.isFrozen else { return nil }
        var found: String?
        for seed in options.seeds {
            let folder = options.modelFolder(seed: seed)
            guard isFolder(folder) else { return nil }
            let checkpoints = try CheckpointEntry.all(in: folder).filter { $0.key?.module == section.rawValue }
            guard let start = checkpoints.last?.identity?.encoderStart else { return nil }
            found = found ?? start
        }
        return found
    }
}

extension TrainOptions {
    /// The same, as far as an architecture is checked against weights: only these sections start from a folder.
    func reading(weightsOf sections: [ConfigSection]) -> TrainOptions {
        var options = self
        for section in [ConfigSection.surrogate, .extreme, .reranker] where !sections.contains(section) {
            guard options.config[module: section].encoder.start == .pretrained else { continue }
            options.config[module: section].encoder.start = .intermediate
        }
        return options
    }
}
