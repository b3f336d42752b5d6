import Buffers
import Diagnostics

/// Features of documents that a trained model has not seen.
public enum FeatureFile {
    /// Reads a file of any format, told by its content, as the model's data set was read.
    ///
    /// - Parameters:
    ///   - columns: V of the model; a sparse file of fewer columns is widened.
    ///   - normalise: divide each row by its l2 norm.
    /// - Throws: `Failure` where the file is missing or damaged, or has features that the model doesn't know.
    public static func read(
        _ path: String, type: FeatureType, columns: Int, normalise: Bool, threads: Int
    ) throws -> CSRMatrix {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        let read = try MatrixFile.read(path: path, kind: type.kind, threads: threads)
        if type == .dense, read.cols != columns {
            throw Failure(
                .usage, "documents of another number of dimensions", at: path, found: "\(read.cols)", expected: "\(columns)",
                advice: "make the features as those of the training documents were made")
        }
        guard read.cols <= columns else {
            throw Failure(
                .usage, "the file has features that the model does not know", at: path, found: "\(read.cols) columns",
                expected: "at most \(columns)", advice: "make the features with the model's own vocabulary.txt and tokenizer.json"
            )
        }
        let features = read.widened(to: columns)
        if normalise, type != .sequential { features.normalizeRows(team) }
        return features
    }
}
