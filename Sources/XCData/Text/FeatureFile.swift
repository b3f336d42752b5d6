import Buffers
import Diagnostics

/// Features of documents that a trained model has not seen.
public enum FeatureFile {
    /// Reads XC text or a scipy `.npz`, told apart by content, as the model's data set was read.
    ///
    /// - Parameters:
    ///   - columns: V of the model; a file of fewer columns is widened.
    ///   - normalise: divide each row by its l2 norm.
    /// - Throws: `Failure` where the file is missing or damaged, or has features that the model doesn't know.
    public static func read(_ path: String, columns: Int, normalise: Bool, threads: Int) throws -> CSRMatrix {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        let file = try MappedFile(path: path), isArchive = file.bytes.starts(with: [0x50, 0x4b, 0x03, 0x04])
        let read =
            isArchive ? try NPZ.readCSR(path: path) : try XCText.read(file: file, kind: .features, team: team)
        guard read.cols <= columns else {
            throw Failure(
                .usage, "the file has features that the model does not know", at: path, found: "\(read.cols) columns",
                expected: "at most \(columns)", advice: "make the features with the model's own vocabulary.txt and tokenizer.json"
            )
        }
        let features = read.widened(to: columns)
        if normalise { features.normalizeRows(team) }
        return features
    }
}
