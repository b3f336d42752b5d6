import Checkpoint
import Config
import Datasets
import Formats
import Foundation
import Support

/// A trained learner, opened from its folder alone: what predicting and extracting need of it.
public final class TrainedModel: Sendable {
    public let folder: String
    public let description: ModelDescription
    /// The training labels after clean-up, mapped, and the documents where prediction reads them; no test documents.
    public let data: XCDataset
    /// Name of each label by original id; nil where the data set had no names.
    public let labelNames: [String]?
    /// The file in which the model is laid out for prediction, where it is mapped.
    package let served: ArrayFile?

    /// Names of the files in a model's folder, beside its checkpoints.
    public enum Files {
        public static let training = "training.xcd"
        public static let labelIds = "label_ids.txt"
        /// A copy of the config's `feature_indices`, where it has them.
        public static let featureIndices = "feature_indices.txt"
        /// Those that are copied from the data set's folder where it has them.
        public static let ofDataset = [
            "vocabulary.txt", "tokenizer.json", "wordpiece.json", "labels.txt", "subwords.txt", "subwords.json", "Y.txt",
            "Yf.txt", "text_fields.txt",
        ]
    }

    public var config: Config { description.config }
    public var arch: Arch { description.arch }
    public var seed: UInt64 { description.seed }
    /// D.
    public var dims: Int { config.global.embeddingDims }
    /// Original id of each trained label.
    public var labelIds: Buffer<Int32> { data.labelIds }

    /// - Parameter folder: `<work>/models/…/v_<version>_<seed>`.
    /// - Throws: `Failure`: `.usage` where there is no model, or something in the folder leads out of it, `.damagedCheckpoint` where its
    ///   parts don't fit together.
    public static func open(folder: String) throws -> TrainedModel {
        try OwnFiles.check(folder)
        let description = try ModelDescription(path: "\(folder)/\(ModelDescription.fileName)")
        let framework = Frameworks.all.first { $0.name.rawValue == description.framework }
        let data = try XCDataset.ofModel(
            cacheFile: "\(folder)/\(Files.training)", hasDocuments: framework?.predictsByTrainingDocuments ?? true)
        let fits =
            data.vocabularySize == description.features && data.labelCount == description.labels
            && data.labelCountInFile == description.labelsInFile
            && description.identity.dataFingerprint.hasPrefix(data.fingerprint)
        guard fits else {
            throw Failure(
                .damagedCheckpoint, "the training data in the folder are not those of the model",
                at: "\(folder)/\(Files.training)",
                found: "\(data.vocabularySize) features, \(data.labelCount) labels, fingerprint \(data.fingerprint)",
                expected: "\(description.features), \(description.labels), \(description.identity.dataFingerprint)",
                advice: "give the training command again: it completes the folder")
        }
        return TrainedModel(
            folder: folder, description: description, data: data, labelNames: try names(folder, description),
            served: try compressedFile(folder))
    }

    /// The same model, with its arrays read from a mapped file.
    func serving(_ file: ArrayFile) -> TrainedModel {
        TrainedModel(folder: folder, description: description, data: data, labelNames: labelNames, served: file)
    }

    private init(
        folder: String, description: ModelDescription, data: XCDataset, labelNames: [String]?, served: ArrayFile?
    ) {
        self.served = served
        self.folder = folder
        self.description = description
        self.data = data
        self.labelNames = labelNames
    }

    /// Line i names label i; a file with another number of lines than labels is passed over, since it would name the wrong ones.
    private static func names(_ folder: String, _ description: ModelDescription) throws -> [String]? {
        for file in ["labels.txt", "Y.txt"] where description.files.contains(file) {
            if let names = try? NameFile.read(path: "\(folder)/\(file)", count: description.labelsInFile) { return names }
        }
        return nil
    }

    /// The model's framework.
    ///
    /// - Throws: `Failure` where this program has none of its name.
    package var learner: any Learner {
        get throws {
            if let learner = Frameworks.all.first(where: { $0.name.rawValue == description.framework }) { return learner }
            throw Failure(
                .usage, "a model of an unknown framework", at: "\(folder)/\(ModelDescription.fileName)",
                found: description.framework, expected: Frameworks.all.map(\.name.rawValue).joined(separator: ", "),
                advice: "use the version of deepxml-dist that trained it")
        }
    }

    /// How documents become what the model reads.
    ///
    /// - Throws: `Failure` where the copy of the config's `feature_indices` is missing or damaged.
    public func featureFile() throws -> FeatureFile {
        let isSelected = config.global.featureIndices != nil
        return try FeatureFile(
            type: data.featureType, columns: data.vocabularySize, normalise: try learner.inputs(config).normalize,
            selected: isSelected ? "\(folder)/\(Files.featureIndices)" : nil)
    }

    /// The checkpoints of the learner.
    public func store(notice: @escaping @Sendable (String) -> Void = { _ in }) -> CheckpointStore {
        CheckpointStore(folder: folder, identity: description.identity, notice: notice)
    }

    /// The modules whose results are in the folder, in the order of training; damaged ones included.
    public func modules() throws -> [String] {
        try CheckpointEntry.all(in: folder).filter(\.isPinned).compactMap(\.key?.module)
    }

    /// - Throws: `Failure(.usage)` for a compressed model: it holds what prediction needs, in another form.
    public func requireCheckpoints() throws {
        guard let compression else { return }
        throw Failure(
            .usage, "a compressed model has no checkpoints", at: folder, found: compression, expected: "a model as trained",
            advice: "use the model that it was made of")
    }

    /// The result of a module, every byte of it checked.
    ///
    /// - Throws: `Failure`: `.usage` where the learner has no such module, `.damagedCheckpoint` where it is damaged.
    public func checkpoint(_ module: String) throws -> CheckpointReader {
        let entries = try CheckpointEntry.all(in: folder).filter { $0.isPinned && $0.key?.module == module }
        guard let entry = entries.last else {
            try requireCheckpoints()
            let known = try modules()
            throw Failure(
                .usage, "the model has no module \"\(module)\"", at: folder, found: module,
                expected: known.joined(separator: ", "),
                advice: suggestion(for: module, among: known).map { "did you mean \($0)?" }
                    ?? "deepxml-dist inspect shows what it has")
        }
        return try entry.reader()
    }
}
