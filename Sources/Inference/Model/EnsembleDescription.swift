import Checkpoint
import Config
import Foundation
import Learners
import Support

/// `ensemble.json` in `<work>/models/…/v_<version>`: which learners make the ensemble.
public struct EnsembleDescription: Codable, Sendable, Equatable {
    public static let fileName = "ensemble.json"
    public var schema = 1
    /// Folders of the learners, each from the ensemble's own.
    public var learners: [String]

    /// How much each counts, as tuned on validation documents; nil: as it is. Files with weights have schema 2.
    public var weights: [Double]?

    public init(learners: [String], weights: [Double]? = nil) {
        (self.learners, self.weights) = (learners, weights)
        schema = weights == nil ? 1 : 2
    }

    private var isSound: Bool {
        guard !learners.isEmpty else { return false }
        guard let weights else { return schema == 1 }
        return schema == 2 && weights.count == learners.count && weights.allSatisfy { $0.isFinite && $0 >= 0 }
            && weights.contains { $0 > 0 }
    }

    public func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write("\(folder)/\(Self.fileName)", encoder.encode(self) + Data("\n".utf8))
    }

    /// - Throws: `Failure` where there is none in `folder`, or it is no longer what was written.
    public init(folder: String) throws {
        let path = "\(folder)/\(Self.fileName)"
        guard let content = FileManager.default.contents(atPath: path) else {
            throw Failure(
                .usage, "there is no ensemble here", at: path, found: "no such file", expected: Self.fileName,
                advice: "name a folder models/…/v_<version> of a run that is done")
        }
        guard let read = try? JSONDecoder().decode(Self.self, from: content), read.isSound else {
            throw Failure(
                .damagedCheckpoint, "the ensemble's description cannot be read", at: path,
                found: String(decoding: content.prefix(60), as: UTF8.self),
                expected: "schema 1 and the learners' folders, or schema 2 and their weights, too",
                advice: "give the training command again: it writes the file anew")
        }
        self = read
    }
}

extension TrainedModel {
    /// The learners of a folder: of an ensemble, or the one learner that it is.
    ///
    /// - Throws: `Failure` as `open`.
    public static func openAll(folder: String) throws -> [TrainedModel] {
        let hasModel = FileManager.default.fileExists(atPath: "\(folder)/\(ModelDescription.fileName)")
        let isEnsemble = FileManager.default.fileExists(atPath: "\(folder)/\(EnsembleDescription.fileName)")
        guard isEnsemble, !hasModel else { return [try open(folder: folder)] }
        return try EnsembleDescription(folder: folder).folders(from: folder).map { try open(folder: $0) }
    }

    /// Paths of the files that belong to a model, or to an ensemble and its learners; some need not be there.
    public static func files(of folder: String) -> [String] {
        let learners = (try? EnsembleDescription(folder: folder).folders(from: folder)) ?? []
        let own = [ModelDescription.fileName, EnsembleDescription.fileName, servingFile]
        let names = own + [Files.training, Files.labelIds, Files.featureIndices] + Files.ofDataset
        return ([folder] + learners).flatMap { folder in
            let checkpoints = namesInFolder(folder).filter { $0.hasPrefix("ckpt_") }
            let inside = checkpoints.flatMap { name in namesInFolder("\(folder)/\(name)").map { "\(name)/\($0)" } }
            return (names + inside).map { "\(folder)/\($0)" }
        }
    }
}

extension EnsembleDescription {
    /// The learners' folders, where the description is in `folder`.
    fileprivate func folders(from folder: String) -> [String] {
        learners.map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
    }

    /// Weights of the learners that `TrainedModel.openAll` finds in a folder; nil: each counts as it is.
    public static func weights(in folder: String) throws -> [Double]? {
        guard !isFile("\(folder)/\(ModelDescription.fileName)"), isFile("\(folder)/\(fileName)") else { return nil }
        return try EnsembleDescription(folder: folder).weights
    }
}

extension TrainOptions {
    /// `<work>/models/…/v_<version>`: the ensemble's, beside its learners' folders.
    public var ensembleFolder: String { "\(work)/models/\(resultFolder.dropFirst("\(work)/results/".count))" }
}
