import Formats
import Support

/// The tokenizer of a pretrained encoder, and what the encoder says of its input: what `prepare` needs of a model's folder.
public struct PretrainedPieces: Sendable {
    /// Cuts texts at the length that was asked for.
    public let tokenizer: WordPiece
    /// Rows of the encoder's word embeddings: a piece's number is its row.
    public let columns: Int

    /// - Parameters:
    ///   - folder: of a BERT, DistilBERT, MiniLM, BGE or E5 model, as Hugging Face lays it out; its weights are not read.
    ///   - maxTokens: pieces of a text at most, [CLS] and [SEP] included.
    /// - Throws: `Failure` where a file is missing or of another kind of model, or the encoder has no positions for so many pieces.
    public init(folder: String, maxTokens: Int = 40) throws {
        guard isFolder(folder) else {
            throw Failure(
                .usage, "no such folder", at: folder,
                expected: "a model's folder, with config.json and tokenizer.json or vocab.txt",
                advice: "check the path")
        }
        let shape = try PretrainedFolder.shape(path: folder)
        var tokenizer = try WordPiece(folder: folder)
        guard (tokenizer.frame + 1...max(tokenizer.frame + 1, shape.positions)).contains(maxTokens) else {
            throw Failure(
                .usage, "the encoder does not read texts of that many tokens", at: "--max-tokens", found: "\(maxTokens)",
                expected: "\(tokenizer.frame + 1)…\(shape.positions)", advice: "longer texts are cut, and their number is said")
        }
        guard tokenizer.columns <= shape.vocabulary else {
            throw Failure(
                .usage, "the tokenizer has more pieces than the encoder has embeddings", at: folder,
                found: "\(tokenizer.columns)",
                expected: "at most \(shape.vocabulary)", advice: "check that all files are of one model")
        }
        tokenizer.maxTokens = maxTokens
        self.tokenizer = tokenizer
        columns = shape.vocabulary
    }
}
