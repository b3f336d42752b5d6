import Config
import Datasets
import Formats
import Foundation
import Learners
import Support

/// What a run reads before it plans: the data set and the token embeddings, checked.
struct RunInputs {
    let data: XCDataset
    let cacheFile: String
    /// Files of token embeddings as the ranks map them, by their name in the config.
    let embeddings: [String: String]
    let embeddingsFingerprint: String
    let names: DatasetNames
    /// The sections whose encoders start from pretrained weights; that of others which were to goes on from a checkpoint.
    let pretrained: [ConfigSection]
    /// What the person should be told about them.
    let notices: [String]
    /// Where they may not be what the person thinks.
    let warnings: [String]

    /// - Throws: `Failure` for whatever is wrong with them; nothing that was written before is touched.
    init(_ options: TrainOptions, threads: Int) throws {
        let wanted = options.framework.learner.inputs(options.config)
        let files = XCDatasetFiles(
            folder: options.datasetFolder, global: options.config.global, normalize: wanted.normalize,
            keepInvalid: wanted.keepInvalid, keepsLabelText: wanted.keepsLabelText, validation: options.validation?.source)
        let cache = "\(options.work)/results/cache"
        data = try XCDataset.open(files: files, cacheFolder: cache, threads: threads, writesCache: !options.dryRun)
        cacheFile = XCDataset.cachePath(cacheFolder: cache, fingerprint: data.fingerprint)
        let prepared = try Self.embeddings(wanted.embeddings, options, data, cacheFolder: cache)
        embeddings = Dictionary(uniqueKeysWithValues: prepared.map { ($0.name, $0.file.path) })
        var fingerprints: [String] = []
        for (_, file) in prepared where !fingerprints.contains(file.fingerprint) { fingerprints.append(file.fingerprint) }
        let weights = try PretrainedWeights(wanted.pretrained, options)
        embeddingsFingerprint = weights.joined(to: fingerprints)
        pretrained = weights.read
        names = DatasetNames(folder: options.datasetFolder, data)
        notices = prepared.compactMap(\.file.notice) + Self.textsAlone(options, data)
        warnings = files.sizeNotices() + names.notices
    }

    /// Labels that are learnt from their text without any document.
    private static func textsAlone(_ options: TrainOptions, _ data: XCDataset) -> [String] {
        guard options.config.global.labelTextDocuments else { return [] }
        let alone = data.labelIds.array.count { data.labelCounts[Int($0)] == 0 }
        guard alone > 0 else { return [] }
        let all = Quantity.plural(data.labelCount, "label")
        return ["\(Quantity.count(alone)) of \(all) have no training document but their text"]
    }

    /// Each file of token embeddings that the learner names must have a row a token and D columns, or be made into such a one.
    private static func embeddings(
        _ wanted: [LearnerInputs.Embeddings], _ options: TrainOptions, _ data: XCDataset, cacheFolder: String
    ) throws -> [(name: String, file: PreparedEmbeddings)] {
        // Documents are vectors already.
        if data.featureType == .dense { return [] }
        let dims = options.config.global.embeddingDims
        return try wanted.map { file in
            let path = file.name.hasPrefix("/") ? file.name : "\(options.datasetFolder)/\(file.name)"
            guard FileManager.default.fileExists(atPath: path) else {
                throw noEmbeddings(path, data.vocabularySize, dims, otherwise: file.otherwise)
            }
            let prepared = try PreparedEmbeddings.prepare(
                path: path, datasetFolder: options.datasetFolder, tokens: data.vocabularySize, dimensions: dims,
                cacheFolder: cacheFolder, writesCache: !options.dryRun)
            return (file.name, prepared)
        }
    }

    private static func noEmbeddings(_ path: String, _ tokens: Int, _ dims: Int, otherwise: String) -> Failure {
        Failure(
            .usage, "no token embeddings", at: path, found: "no such file",
            expected: "a .npy file of \(tokens)×\(dims) numbers, or vectors of words "
                + "(fastText's .bin or .vec, word2vec's .bin, GloVe's text)",
            advice: "make it (`deepxml-dist prepare` does, by fastText)" + (otherwise.isEmpty ? "" : ", or \(otherwise)"))
    }
}
