import Formats

/// What the features of a data set are: the config's `feature_type`.
public enum FeatureType: String, Sendable, CaseIterable {
    /// Weights of tokens, columns ascending in each row.
    case sparse
    /// A vector a document: each row has all columns, so that `values` is the N×D matrix, row-major.
    case dense
    /// Token ids in the order of the text, perhaps repeated; all values are 1, and rows are not normalised.
    case sequential

    var kind: MatrixFile.Kind {
        switch self {
        case .sparse: .features
        case .dense: .dense
        case .sequential: .sequences
        }
    }

    /// As the cache stores it.
    var code: UInt64 { UInt64(Self.allCases.firstIndex(of: self) ?? 0) }

    init?(code: UInt64) {
        guard code < UInt64(Self.allCases.count) else { return nil }
        self = Self.allCases[Int(code)]
    }
}
