import Config
import Datasets
import Foundation
import Support

/// What a run reads before it plans: the data set and the token embeddings, checked.
struct RunInputs {
    let data: XCDataset
    let cacheFile: String
    /// Files of token embeddings as the ranks map them, by their name in the config.
    let embeddings: [String: String]
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
        embeddings = Dictionary(uniqueKeysWithValues: prepared.map { ($0.name, $0.file.path) })
        var fingerprints: [String] = []
        for (_, file) in prepared where !fingerprints.contains(file.fingerprint) { fingerprints.append(file.fingerprint) }
        embeddingsFingerprint = fingerprints.joined(separator: "+")
        notices = prepared.compactMap(\.file.notice)
    }

    /// Where modules start from token embeddings, each file that they name must have a row a token and D columns, or be made
    /// into such a one.
    private static func embeddings(
        _ options: TrainOptions, _ data: XCDataset, cacheFolder: String
    ) throws -> [(name: String, file: PreparedEmbeddings)] {
        let config = options.config, framework = options.framework
        // Documents are vectors already.
        if data.featureType == .dense { return [] }
        let first = framework == .deepXML ? "surrogate" : "extreme"
        let sections =
            [(first, framework == .deepXML ? config.surrogate : config.extreme)]
            + (config.usesReranker(framework) ? [("reranker", config.reranker)] : [])
        let readers = sections.filter { $0.1.initialisation == "token_embeddings" }
        var prepared: [(name: String, file: PreparedEmbeddings)] = []
        for (_, section) in readers where !prepared.contains(where: { $0.name == section.embeddings }) {
            let name = section.embeddings, path = name.hasPrefix("/") ? name : "\(options.datasetFolder)/\(name)"
            guard FileManager.default.fileExists(atPath: path) else {
                let atRandom = readers.filter { $0.1.embeddings == name }.map { "--set \($0.0).init=random" }
                throw noEmbeddings(path, data.vocabularySize, config.global.embeddingDims, atRandom.joined(separator: " "))
            }
            prepared.append(
                (
                    name,
                    try PreparedEmbeddings.prepare(
                        path: path, datasetFolder: options.datasetFolder, tokens: data.vocabularySize,
                        dimensions: config.global.embeddingDims, cacheFolder: cacheFolder, writesCache: !options.dryRun)
                ))
        }
        return prepared
    }

    private static func noEmbeddings(_ path: String, _ tokens: Int, _ dims: Int, _ atRandom: String) -> Failure {
        Failure(
            .usage, "no token embeddings", at: path, found: "no such file",
            expected: "a .npy file of \(tokens)×\(dims) numbers, or vectors of words (fastText's .bin or .vec, GloVe's text)",
            advice: "make it (`deepxml-dist prepare` does, by fastText), or draw them at random: \(atRandom)")
    }
}
