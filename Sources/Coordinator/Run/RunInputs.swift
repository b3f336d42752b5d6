import Buffers
import Checkpoint
import Diagnostics
import Foundation
import Worker
import XCData

/// What a run reads before it plans: the data set and the token embeddings, checked.
struct RunInputs {
    let data: XCDataset
    let cacheFile: String
    let embeddings: String?
    let embeddingsFingerprint: String

    /// - Throws: `Failure` for whatever is wrong with them; nothing that was written before is touched.
    init(_ options: TrainOptions, threads: Int) throws {
        let files = XCDatasetFiles(
            folder: options.datasetFolder, global: options.config.global, normalize: options.config.extreme.normalize,
            keepInvalid: options.config.extreme.keepInvalid)
        let cache = "\(options.work)/results/cache"
        data = try XCDataset.open(files: files, cacheFolder: cache, threads: threads, writesCache: !options.dryRun)
        cacheFile = XCDataset.cachePath(cacheFolder: cache, fingerprint: data.fingerprint)
        (embeddings, embeddingsFingerprint) = try Self.embeddings(options, data)
    }

    /// Where the config wants token embeddings, their file must have a row a token and D columns.
    private static func embeddings(_ options: TrainOptions, _ data: XCDataset) throws -> (String?, String) {
        let config = options.config
        let sections =
            [options.framework == .deepXML ? config.surrogate : config.extreme]
            + (config.usesReranker(options.framework) ? [config.reranker] : [])
        guard let section = sections.first(where: { $0.initialisation != "random" }) else { return (nil, "") }
        let path = section.embeddings.hasPrefix("/") ? section.embeddings : "\(options.datasetFolder)/\(section.embeddings)"
        let first = options.framework == .deepXML ? "surrogate" : "extreme"
        let atRandom = "--set \(first).init=random" + (sections.count > 1 ? " --set reranker.init=random" : "")
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure(
                .usage, "no token embeddings", at: path, found: "no such file",
                expected: "a .npy file of \(data.vocabularySize)×\(config.global.embeddingDims) numbers",
                advice: "make it (`deepxml-dist prepare` does, by fastText), or draw them at random: \(atRandom)")
        }
        _ = try NPY.readFloatMatrix(path: path, rows: data.vocabularySize, cols: config.global.embeddingDims)
        return (path, try ContentHash.ofFile(path))
    }
}

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

/// Version of the program, as checkpoints record it.
public let programVersion = "0.1.0"
