import Support
import Checkpoint
import Config
import Datasets
import Foundation
import Inference
import Learners

/// Makes the folder of each finished learner a model that needs nothing else: the coordinator alone writes it.
struct ModelFolder {
    private let options: TrainOptions
    private let inputs: RunInputs

    /// Completes the folders of learners that are `finished` already, and takes the description of the others away until
    /// they are trained: a folder with a description is a trained model.
    init(options: TrainOptions, inputs: RunInputs, finished: [LearnerResult]) throws {
        (self.options, self.inputs) = (options, inputs)
        for seed in options.seeds where !finished.contains(where: { $0.seed == seed }) {
            unlink("\(options.modelFolder(seed: seed))/\(ModelDescription.fileName)")
        }
        for learner in finished where Self.hasResults(options, learner.seed) { try write(learner) }
    }

    /// Whether a module's result is there: without one, a folder is no model.
    static func hasResults(_ options: TrainOptions, _ seed: UInt64) -> Bool {
        (try? CheckpointEntry.all(in: options.modelFolder(seed: seed)).contains(where: \.isPinned)) ?? false
    }

    /// Writes all that predicting needs beside the learner's checkpoints, the description last.
    ///
    /// - Throws: `Failure`: `.outOfResources` where the disk is full, `.usage` where we may not write.
    func write(_ learner: LearnerResult) throws {
        let folder = options.modelFolder(seed: learner.seed)
        try makeFolder(folder)
        try writeTrainingData(to: "\(folder)/\(TrainedModel.Files.training)")
        let ids = inputs.data.labelIds.array.map { "\($0)\n" }.joined()
        try AtomicFile.write("\(folder)/\(TrainedModel.Files.labelIds)", ids.utf8)
        try copyFeatureIndices(to: folder)
        let identity = options.identity(
            seed: learner.seed, data: inputs.data, embeddingsFingerprint: inputs.embeddingsFingerprint)
        var description = ModelDescription(
            options: options, data: inputs.data, seed: learner.seed, identity: identity, files: try copyTexts(to: folder))
        if let validation = learner.validation {
            description.set(validation.decided, beta: learner.beta, propensityWeight: learner.chosen(.propensityWeight))
        }
        try AtomicFile.write("\(folder)/\(ModelDescription.fileName)", description.json.utf8)
        if !options.learnersOnly { try writeEnsemble() }
    }

    /// Says how much each learner counts; nil: as it is.
    func write(weights: [Double]?) throws {
        if weights != nil, !options.learnersOnly { try writeEnsemble(weights) }
    }

    /// The first learner's file is written; the others' are links to it where the file system has them: one copy on the
    /// disk, and every folder can be moved or copied alone.
    private func writeTrainingData(to path: String) throws {
        if let there = try? XCDataset.map(cacheFile: path), there.fingerprint == inputs.data.fingerprint { return }
        for seed in options.seeds {
            let other = "\(options.modelFolder(seed: seed))/\(TrainedModel.Files.training)"
            guard other != path, let there = try? XCDataset.map(cacheFile: other), there.fingerprint == inputs.data.fingerprint
            else { continue }
            unlink(path)
            if link(other, path) == 0 { return }
        }
        try inputs.data.withoutTest.write(cacheFile: path, threads: 1)
    }

    /// - Returns: the names of the files that the data set has.
    private func copyTexts(to folder: String) throws -> [String] {
        try TrainedModel.Files.ofDataset.filter { name in
            let source = "\(options.datasetFolder)/\(name)"
            guard isFile(source) else { return false }
            try copy(source, to: "\(folder)/\(name)")
            return true
        }
    }

    /// - Throws: `Failure` where the file cannot be read: a model without it would predict something else.
    private func copy(_ source: String, to path: String) throws {
        let file = try MappedFile(path: source)
        try withExtendedLifetime(file) { try AtomicFile.write(path, file.bytes) }
    }

    private func copyFeatureIndices(to folder: String) throws {
        guard let name = options.config.global.featureIndices else { return }
        let source = name.hasPrefix("/") ? name : "\(options.datasetFolder)/\(name)"
        try copy(source, to: "\(folder)/\(TrainedModel.Files.featureIndices)")
    }

    /// `ensemble.json` beside the learners' folders: those of this run that are trained, by paths from there.
    private func writeEnsemble(_ weights: [Double]? = nil) throws {
        let trained = options.seeds.filter {
            FileManager.default.fileExists(atPath: "\(options.modelFolder(seed: $0))/\(ModelDescription.fileName)")
        }
        let folders = trained.map { "../\((options.modelFolder(seed: $0) as NSString).lastPathComponent)" }
        try EnsembleDescription(learners: folders, weights: weights).write(to: options.ensembleFolder)
    }
}
