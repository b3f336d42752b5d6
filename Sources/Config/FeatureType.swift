/// What the features of a data set are: `feature_type`.
public enum FeatureType: String, Sendable, CaseIterable {
    /// Weights of tokens, columns ascending in each row.
    case sparse
    /// A vector a document: each row has all columns, so that `values` is the N×D matrix, row-major.
    case dense
    /// Token ids in the order of the text, perhaps repeated; all values are 1, and rows are not normalised.
    case sequential
}
