import Formats
import CText
import Support

/// Token embeddings made of a file of words' vectors: a row for each token of a data set.
public struct TokenEmbeddings: Sendable {
    /// V×D.
    public let matrix: DenseMatrix
    /// Tokens whose word the file has.
    public let known: Int
    /// Tokens that are made of sub-words alone (fastText models).
    public let fromSubWords: Int
    /// Tokens that were drawn at random.
    public var missing: Int { matrix.rows - known - fromSubWords }

    /// Reads a fastText model, fastText, word2vec or GloVe vectors, as the content tells.
    ///
    /// A token without a vector is drawn from a uniform distribution of mean 0 and the other rows' mean square, by its word:
    /// the same word gets the same row in every data set.
    /// - Parameter dimensions: D of the config, which the file's must be.
    /// - Throws: `Failure` where the file is damaged, of other dimensions, or has none of the words.
    public static func read(path: String, words: TokenWords, dimensions: Int) throws -> TokenEmbeddings {
        try read(MappedFile(path: path), words: words, dimensions: dimensions)
    }

    package static func read(_ file: MappedFile, words: TokenWords, dimensions: Int) throws -> TokenEmbeddings {
        let path = file.path
        let matrix: DenseMatrix
        let present: [Bool]
        var known: Int
        switch try EmbeddingFormat(file) {
        case .npy: preconditionFailure("a NumPy array has no words: NPY.readFloatMatrix reads it")
        case .vectors(let count, let found):
            try check(found, dimensions, path)
            matrix = DenseMatrix(rows: words.count, cols: dimensions)
            present = try VectorText(file: file, promised: count).read(words, into: matrix)
            known = present.count { $0 }
        case .word2vec(let count, let found):
            try check(found, dimensions, path)
            matrix = DenseMatrix(rows: words.count, cols: dimensions)
            present = try Word2VecModel(file: file, promised: count, dimensions: dimensions).read(words, into: matrix)
            known = present.count { $0 }
        case .glove(let found):
            try check(found, dimensions, path)
            matrix = DenseMatrix(rows: words.count, cols: dimensions)
            present = try VectorText(file: file, promised: nil).read(words, into: matrix)
            known = present.count { $0 }
        case .fastTextModel:
            let model = try FastTextModel(file)
            try check(model.dimensions, dimensions, path)
            matrix = DenseMatrix(rows: words.count, cols: dimensions)
            let (rows, inDictionary) = try model.read(words, into: matrix)
            present = rows.map { $0 > 0 }
            known = inDictionary
        }
        var filled = present.count { $0 }
        guard filled > 0 || words.count == 0 else {
            throw Failure(
                .usage, "the embeddings have none of the data set's words", at: path, found: "no word of \(words.path)",
                expected: "vectors of the same language and writing (case, stems) as the data set's tokens",
                advice: "check that the two belong together")
        }
        // A text has one row for a word that the vocabulary has twice.
        var copied = 0
        let missing = present.indices.filter { token in
            let first = words.first(token)
            guard !present[token], first != token, present[first] else { return !present[token] }
            matrix.row(token).update(from: matrix.row(first), count: dimensions)
            copied += 1
            return false
        }
        filled += copied
        known += copied
        MissingRows(scaledLike: matrix, filled: filled).draw(missing, words, into: matrix)
        return TokenEmbeddings(matrix: matrix, known: known, fromSubWords: filled - known)
    }

    private static func check(_ found: Int, _ wanted: Int, _ path: String) throws {
        guard found != wanted else { return }
        throw Failure(
            .usage, "embeddings of another width", at: path, found: "\(found) dimensions",
            expected: "\(wanted), as the config's global.embedding_dims says",
            advice: "use --set global.embedding_dims=\(found), or other embeddings")
    }
}

/// Draws the rows that no file has.
private struct MissingRows {
    private let bound: Float

    /// Rows that aren't filled are zero.
    init(scaledLike matrix: DenseMatrix, filled: Int) {
        var squares = 0.0
        for i in 0..<matrix.buffer.count { squares += Double(matrix.buffer[i]) * Double(matrix.buffer[i]) }
        // U(−b, b) has a mean square of b²/3.
        bound = Float((3 * squares / Double(max(1, filled * matrix.cols))).squareRoot())
    }

    func draw(_ tokens: [Int], _ words: TokenWords, into matrix: DenseMatrix) {
        for token in tokens {
            let hash = ContentHash.of(words[token])
            let key = (UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32))
            var block = SIMD4<UInt32>()
            for i in 0..<matrix.cols {
                if i % 4 == 0 { block = philox(key: key, counter: [UInt32(i / 4), 0, 0, 0]) }
                matrix[token, i] = bound * (Float(block[i % 4] >> 8) * (2 / Float(1 << 24)) - 1)
            }
        }
    }
}
