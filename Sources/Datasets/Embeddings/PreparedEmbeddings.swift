import Support
import Formats
import Glibc

/// Token embeddings as the ranks of a run map them: a `.npy` file with a row a token.
public struct PreparedEmbeddings: Sendable, Equatable {
    /// The `.npy` file: the one that was named, or one made of it in the cache.
    public let path: String
    /// Changes with what the rows hold.
    public let fingerprint: String
    /// What a person should know about rows that were made.
    public let notice: String?

    /// Checks the named file, and makes a `.npy` of it where it is another form of embeddings.
    ///
    /// - Parameters:
    ///   - datasetFolder: has the vocabulary, where words have to be matched.
    ///   - tokens: V, rows that there must be.
    ///   - cacheFolder: where converted files are kept, by their content.
    ///   - writesCache: false: the file is checked, and nothing is written.
    /// - Throws: `Failure` for whatever is wrong with the file or the vocabulary, or where the cache can't be written.
    public static func prepare(
        path: String, datasetFolder: String, tokens: Int, dimensions: Int, cacheFolder: String, writesCache: Bool
    ) throws -> PreparedEmbeddings {
        try ProgressScope.stage("reading \(lastName(path))") { _ in
            try made(
                path: path, datasetFolder: datasetFolder, tokens: tokens, dimensions: dimensions, cacheFolder: cacheFolder,
                writesCache: writesCache)
        }
    }

    private static func made(
        path: String, datasetFolder: String, tokens: Int, dimensions: Int, cacheFolder: String, writesCache: Bool
    ) throws -> PreparedEmbeddings {
        let file = try MappedFile(path: path)
        let format: EmbeddingFormat
        do { format = try EmbeddingFormat(file) } catch {
            // What is called .npy was meant to be one.
            guard path.hasSuffix(".npy") else { throw error }
            format = .npy
        }
        if format == .npy {
            _ = try NPY.readFloatMatrix(path: path, rows: tokens, cols: dimensions)
            return PreparedEmbeddings(path: path, fingerprint: ContentHash.hex(ContentHash.of(file.bytes)), notice: nil)
        }
        let words = try TokenWords(datasetFolder: datasetFolder, tokens: tokens)
        let content = [
            ContentHash.of(file.bytes), UInt64(file.count), words.fingerprint, UInt64(dimensions), layoutVersion(words),
        ]
        let fingerprint = content.withUnsafeBytes { ContentHash.hex(ContentHash.of($0)) }
        let cached = "\(cacheFolder)/\(fingerprint).npy"
        if let notice = storedNotice(cached, tokens: tokens, dimensions: dimensions) {
            return PreparedEmbeddings(path: cached, fingerprint: fingerprint, notice: notice)
        }
        let made = try TokenEmbeddings.read(path: path, words: words, dimensions: dimensions)
        let notice = made.notice(path: path, format: format)
        if writesCache {
            try makeFolder(cacheFolder)
            try NPY.write(made.matrix, path: cached)
            // Written last: with it, the array is whole.
            try AtomicFile.write(noticePath(cached), notice.utf8)
        }
        return PreparedEmbeddings(path: writesCache ? cached : path, fingerprint: fingerprint, notice: notice)
    }

    /// Changes when the same files are to give other rows: version 1 did not find phrases.
    private static func layoutVersion(_ words: TokenWords) -> UInt64 { words.hasPhrases ? 2 : 1 }

    private static func noticePath(_ cached: String) -> String { "\(cached).txt" }

    /// The notice of embeddings that were made before and are whole.
    private static func storedNotice(_ cached: String, tokens: Int, dimensions: Int) -> String? {
        guard isFile(cached), isFile(noticePath(cached)), let text = try? MappedFile(path: noticePath(cached)),
            (try? NPY.readFloatMatrix(path: cached, rows: tokens, cols: dimensions)) != nil
        else { return nil }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

extension TokenEmbeddings {
    func notice(path: String, format: EmbeddingFormat) -> String {
        let subWords = fromSubWords > 0 ? ", \(fromSubWords) by their sub-words" : ""
        return "token embeddings from \(path) (\(format.name)): \(known) of \(matrix.rows) tokens by their words\(subWords), "
            + "\(missing) drawn at random"
    }
}
