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
    /// What the person should be told about them.
    let notices: [String]

    /// - Throws: `Failure` for whatever is wrong with them; nothing that was written before is touched.
    init(_ options: TrainOptions, threads: Int) throws {
        let files = XCDatasetFiles(
            folder: options.datasetFolder, global: options.config.global, normalize: options.config.extreme.normalize,
            keepInvalid: options.config.extreme.keepInvalid)
        let cache = "\(options.work)/results/cache"
        data = try XCDataset.open(files: files, cacheFolder: cache, threads: threads, writesCache: !options.dryRun)
        cacheFile = XCDataset.cachePath(cacheFolder: cache, fingerprint: data.fingerprint)
        let prepared = try Self.embeddings(options, data, cacheFolder: cache)
        embeddings = prepared?.path
        embeddingsFingerprint = prepared?.fingerprint ?? ""
        notices = [prepared?.notice].compactMap { $0 }
    }

    /// Where the config wants token embeddings, their file must have a row a token and D columns, or be made into such a one.
    private static func embeddings(
        _ options: TrainOptions, _ data: XCDataset, cacheFolder: String
    ) throws -> PreparedEmbeddings? {
        let config = options.config
        // Documents are vectors already.
        if data.featureType == .dense { return nil }
        let sections =
            [options.framework == .deepXML ? config.surrogate : config.extreme]
            + (config.usesReranker(options.framework) ? [config.reranker] : [])
        guard let section = sections.first(where: { $0.initialisation != "random" }) else { return nil }
        let path = section.embeddings.hasPrefix("/") ? section.embeddings : "\(options.datasetFolder)/\(section.embeddings)"
        let first = options.framework == .deepXML ? "surrogate" : "extreme"
        let atRandom = "--set \(first).init=random" + (sections.count > 1 ? " --set reranker.init=random" : "")
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure(
                .usage, "no token embeddings", at: path, found: "no such file",
                expected: "a .npy file of \(data.vocabularySize)×\(config.global.embeddingDims) numbers, or vectors of words "
                    + "(fastText's .bin or .vec, GloVe's text)",
                advice: "make it (`deepxml-dist prepare` does, by fastText), or draw them at random: \(atRandom)")
        }
        return try PreparedEmbeddings.prepare(
            path: path, datasetFolder: options.datasetFolder, tokens: data.vocabularySize,
            dimensions: config.global.embeddingDims, cacheFolder: cacheFolder, writesCache: !options.dryRun)
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
