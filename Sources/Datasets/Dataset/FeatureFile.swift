import Config
import Formats
import Support

/// Features of documents that a trained model has not seen, made as those of its own data set were.
public struct FeatureFile: Sendable {
    public let type: FeatureType
    /// V of the model.
    public let columns: Int
    /// Rows are divided by their l2 norm.
    public let normalise: Bool
    /// The features that are used, of a data set with `feature_indices`; nil: all.
    private let selection: ColumnSelection?

    /// - Parameter selected: the file of `feature_indices`.
    /// - Throws: `Failure` where that file is missing or names no features.
    public init(type: FeatureType, columns: Int, normalise: Bool, selected: String? = nil) throws {
        (self.type, self.columns, self.normalise) = (type, columns, normalise)
        // Dense features are numbered anew: the file's own are as many as documents have.
        let most = type == .dense ? Int(Int32.max) : columns
        selection = try selected.map { try ColumnSelection(MappedFile(path: $0), cols: most, what: "feature") }
    }

    /// Reads a file of any format, told by its content.
    ///
    /// - Throws: `Failure` where the file is missing or damaged, or has features that the model doesn't know.
    public func read(_ path: String, threads: Int) throws -> CSRMatrix {
        let read = try MatrixFile.read(path: path, kind: type.kind, threads: threads)
        return try completed(read, place: path, threads: threads)
    }

    /// Rows of XC text that come without a header, as through a pipe.
    ///
    /// - Parameters:
    ///   - lines: `count` lines of `id:value` entries; sequences: token ids in order, each `id:1`.
    ///   - firstLine: the number of the first of them.
    /// - Throws: `Failure` with line and column of what is refused.
    public func rows(_ lines: [UInt8], count: Int, firstLine: Int, place: String, _ team: ThreadTeam) throws -> CSRMatrix {
        let wanted = type == .dense ? selection.map { Int($0.columns.max() ?? 0) + 1 } : nil
        let read = try MatrixFile.rows(
            lines, count: count, cols: wanted ?? columns, kind: type.kind, place: place, firstLine: firstLine, team)
        return try completed(read, place: place, threads: 1)
    }

    /// Features that were made by the model's own vectoriser, as if they had been written to a file and read.
    ///
    /// - Parameter features: N×V; its values may be changed.
    public func made(_ features: CSRMatrix, threads: Int) throws -> CSRMatrix {
        try completed(features, place: "the model's vocabulary.txt", threads: threads)
    }

    private func completed(_ read: CSRMatrix, place: String, threads: Int) throws -> CSRMatrix {
        var features = read
        if type == .dense {
            let wanted = selection.map { Int($0.columns.max() ?? 0) + 1 } ?? columns
            guard selection == nil ? read.cols == columns : read.cols >= wanted else {
                throw Failure(
                    .usage, "documents of another number of dimensions", at: place, found: "\(read.cols)",
                    expected: "\(wanted)\(selection == nil ? "" : " or more")",
                    advice: "make the features as those of the training documents were made")
            }
            if let selection { features = selection.gathering(features) }
        } else {
            guard read.cols <= columns else {
                throw Failure(
                    .usage, "the file has features that the model does not know", at: place, found: "\(read.cols) columns",
                    expected: "at most \(columns)",
                    advice: "make the features with the model's own vocabulary.txt and tokenizer.json")
            }
            features = features.widened(to: columns)
            if let selection { features = selection.masking(features) }
        }
        guard normalise, type != .sequential else { return features }
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        features.normalizeRows(team)
        return features
    }
}

extension FeatureType {
    var kind: MatrixFile.Kind {
        switch self {
        case .sparse: .features
        case .dense: .dense
        case .sequential: .sequences
        }
    }
}
