import Support

/// Finds the database vectors nearest to each query: the largest inner products, which for unit vectors are cosines.
///
/// Scores are similarities as they are, neither clipped nor turned into distances (as xclib's shortlists return).
public protocol NeighbourSearch: Sendable {
    /// Vectors in the database.
    var count: Int { get }

    /// The k nearest of each of the Q queries (Q×D, row-major); padded where the database has fewer than k vectors.
    func topK(queries: DenseMatrix, k: Int, team: ThreadTeam) throws -> TopK
}
