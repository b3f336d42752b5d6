import Checkpoint
import Config
import Formats
import Glibc
import Inference
import Learners
import Reports
import Support

/// The folders of a run, which another run may have taken: `v_0_22` is that of version 0's learner of seed 22, and that of the ensemble of
/// version `0_22`.
enum RunFolders {
    /// What stands in a learner's folders alone, and what in an ensemble's.
    private static let ofLearners = [LearnerResult.fileName, EventFile.name, ModelDescription.fileName]
    private static let ofEnsembles = ["metrics.json", EnsembleDescription.fileName]

    /// - Throws: `Failure(.usage)` where results or models of the other kind would be replaced.
    static func check(_ options: TrainOptions) throws {
        let ensemble = [options.resultFolder, options.ensembleFolder]
        try refuse(ofLearners, in: ensemble, "a learner of another version is in this version's folder", options)
        for seed in options.seeds {
            let learner = [options.resultFolder(seed: seed), options.modelFolder(seed: seed)]
            try refuse(ofEnsembles, in: learner, "an ensemble of another version is in a learner's folder", options)
        }
    }

    /// Removes what an earlier run left of these learners: one that is stopped from now on goes on with what it has made itself.
    ///
    /// - Parameter stores: of the learners' checkpoints.
    static func startOver(_ options: TrainOptions, _ stores: [CheckpointStore]) throws {
        let own = [LearnerResult.fileName, ValidationResult.scoreFile, ValidationResult.decisionFile, "log_eval.txt"]
        for seed in options.seeds {
            let folder = options.resultFolder(seed: seed)
            for name in own + PredictionFormat.allCases.map(\.fileName) { unlink("\(folder)/\(name)") }
        }
        for store in stores {
            unlink("\(store.folder)/\(ModelDescription.fileName)")
            try store.removeAll()
        }
    }

    private static func refuse(_ names: [String], in folders: [String], _ problem: String, _ options: TrainOptions) throws {
        for folder in folders {
            guard let name = names.first(where: { isFile("\(folder)/\($0)") }) else { continue }
            throw Failure(
                .usage, problem, at: folder, found: name, expected: "a folder of this run's own: version \(options.version)",
                advice: "give another --version")
        }
    }
}
