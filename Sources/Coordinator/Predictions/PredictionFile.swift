import Checkpoint
import Formats
import Scoring
import Support

/// Predictions in any of our formats: written by a run, read back by whoever measures or goes on with them.
public enum PredictionFile {
    /// What a file of predictions holds.
    public enum Content: Sendable {
        /// Documents × labels. A file without a header has as many labels as it uses.
        case scores(CSRMatrix)
        /// A learner's stages (`predictions.h5`), before they are combined at some β.
        case learner(LearnerScores)

        /// Columns.
        public var labels: Int {
            switch self {
            case .scores(let scores): scores.cols
            case .learner(let scores): scores.clf.cols
            }
        }
    }

    /// Whether a file of that form says how many labels there are, whichever it uses.
    public static func saysLabels(_ path: String) -> Bool {
        guard let bytes = try? MappedFile(path: path).prefix(64) else { return false }
        return [.npz, .h5].contains(PredictionFormat.told(by: bytes))
    }

    /// Writes `scores` (documents × labels) to `path`; the file appears when it is whole.
    ///
    /// - Parameter names: of the labels; only JSON lines have them.
    /// - Throws: `Failure` where we may not write, or the disk is full.
    public static func write(
        _ scores: some RowBlocks, _ format: PredictionFormat, names: [String] = [], to path: String
    ) throws {
        try ProgressScope.stage("writing \(lastName(path))") { _ in
            switch format {
            case .npz: try NPZ.writeCSR(path: path, matrix: scores)
            case .h5: try ScoreFile.write(scores, to: path)
            case .text: try PredictionText.write(scores, to: path)
            case .jsonl: try PredictionLines.write(scores, names: names, to: path)
            }
        }
    }

    /// Reads a file whose format its content tells: scipy's npz, HDF5 (ours, or scipy's arrays by h5py), XC text, JSON lines.
    ///
    /// - Parameter documents: rows, where they are known: JSON lines may leave out documents without predictions.
    /// - Throws: `Failure` with the place of what is wrong; memory stays in proportion to the file.
    public static func read(_ path: String, documents: Int? = nil) throws -> Content {
        let format = PredictionFormat.told(by: try MappedFile(path: path).prefix(64))
        return try ProgressScope.stage("reading \(lastName(path))") { _ in
            switch format {
            case .npz: .scores(try NPZ.readCSR(path: path))
            case .h5: try readHDF5(path)
            case .text: .scores(try PredictionText.read(path: path))
            case .jsonl: .scores(try PredictionLines.read(path: path, documents: documents))
            }
        }
    }

    private static func readHDF5(_ path: String) throws -> Content {
        switch try ScoreFile.content(path) {
        case .scores: return .scores(try ScoreFile.read(path))
        case .foreign:
            let file = try ForeignScores(path)
            return .scores(
                try ScipyArrays.matrix(
                    shape: file.shape, starts: file.starts, columns: file.columns, values: file.values, path: path))
        case .parts:
            let parts = try ScoreFile.readParts(path).parts
            guard let clf = parts["clf"], let knn = parts["knn"], clf.rows == knn.rows, clf.cols == knn.cols else {
                throw Failure(
                    .usage, "not a learner's predictions", at: path, found: parts.keys.sorted().joined(separator: ", "),
                    expected: "parts clf and knn, and reranker where there is one",
                    advice: "name a learner's predictions.h5, or a score file")
            }
            return .learner(LearnerScores(clf: clf, knn: knn, reranker: parts["reranker"]))
        }
    }
}
