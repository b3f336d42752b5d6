import Config
import Datasets
import Formats
import Foundation
import Support

extension TrainOptions {
    /// Checks what was typed, finds and reads the config and arch files, and fills in what was left out; see
    /// `resolve(_:for:workingDirectory:executable:)`. With neither `--framework` nor `--config`, the framework is chosen.
    ///
    /// - Throws: `Failure` (exit code 2) for the first thing that is wrong.
    public static func resolve(_ arguments: TrainArguments, workingDirectory: String, executable: String) throws -> TrainOptions {
        func options(_ learner: any Learner, _ choice: FrameworkChoice? = nil) throws -> TrainOptions {
            var options = try resolve(
                arguments, for: learner.requirements, workingDirectory: workingDirectory, executable: executable)
            if let choice { options.choose(learner, choice) }
            return options
        }
        if let name = arguments.framework { return try options(Frameworks.named(name)) }
        if arguments.config != nil { return try options(DeepXML()) }
        let dataset = arguments.dataset ?? demoDataset
        let chooser = FrameworkChooser(
            configs: arguments.configs, workingDirectory: workingDirectory, executable: executable, arch: arguments.arch,
            settings: arguments.settings)
        if let owner = chooser.owner(of: dataset) {
            return try options(owner, owner is DeepXML ? nil : FrameworkChoice(owner.name, .ownConfig))
        }
        guard chooser.suits(OneVsAll(), dataset) else {
            return try chooser.named(dataset).map { try options($0, FrameworkChoice($0.name, .settings)) } ?? options(DeepXML())
        }
        let oneVsAll = try options(OneVsAll())
        let choice = chooser.choice(
            dataset, oneVsAll.config, size: try oneVsAll.sizeOfFiles(), missing: oneVsAll.missingEmbeddings())
        return try choice.map { try options($0.framework.learner, $0) } ?? options(DeepXML())
    }

    private mutating func choose(_ learner: any Learner, _ choice: FrameworkChoice) {
        self.choice = choice
        guard seeds.count > 1 && !learner.drawsAtRandom else { return }
        self.choice?.onlySeed = seeds[0]
        seeds = [seeds[0]]
    }

    /// N and L, by the first line of the training labels where they are text; nil: the demo's data, which are still to be made.
    private func sizeOfFiles() throws -> (documents: Int, labels: Int)? {
        if usesDemoData && !FileManager.default.fileExists(atPath: datasetFolder) { return nil }
        let files = XCDatasetFiles(folder: datasetFolder, global: config.global)
        let shape = try MatrixFile.shape(path: files.path(files.trainLabels), kind: .labels)
        return (shape.rows, shape.cols)
    }

    /// The first file of embeddings that a learner would start from and that isn't there.
    private func missingEmbeddings() -> String? {
        if config.global.featureType == .dense || !FileManager.default.fileExists(atPath: datasetFolder) { return nil }
        let paths = framework.learner.inputs(config).embeddings.map {
            $0.name.hasPrefix("/") ? $0.name : "\(datasetFolder)/\($0.name)"
        }
        return paths.first { !FileManager.default.fileExists(atPath: $0) }
    }
}
