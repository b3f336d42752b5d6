import Support

/// Nearest neighbours, best labels, and the lists made of them. Lists come back to the host.
public protocol SearchOperations {
    // MARK: Searches

    /// Searches all vectors for each query: the largest inner products, which for unit vectors are cosines.
    ///
    /// A pair's similarity has the same bits whatever the number of threads, and the cut of queries or database are.
    ///
    /// - Parameters:
    ///   - database: M×D, without padding between rows; read at each search, not copied.
    ///   - firstId: id of the first row, for a slice of a larger database.
    func exactSearch(over database: Tensor, firstId: Int) -> any NeighbourSearch

    /// The same, with the same bits, over vectors that are laid out once: for many searches of a few queries each.
    ///
    /// The copy takes as much memory again. On a CPU a query costs M·D multiply-adds, laying out about as much as twelve queries.
    func packedSearch(over database: Tensor, firstId: Int) -> any NeighbourSearch

    /// Approximate neighbours by hierarchical navigable small-world graphs (Malkov & Yashunin, TPAMI 2020).
    ///
    /// Vectors are inserted in row order, so that the graph does not depend on timing; results depend on `parts` and the
    /// settings, never on the number of threads.
    ///
    /// - Parameters:
    ///   - database: M×D, without padding between rows; copied into the graph.
    ///   - parts: graphs over equal runs of rows, built side by side.
    ///   - seed: draws each vector's number of layers.
    ///   - progress: counts the vectors that are inserted.
    /// - Throws: `Failure` when memory for the graph is refused.
    func graphSearch(
        over database: Tensor, firstId: Int, settings: GraphSettings, parts: Int, seed: Int, progress: ProgressStage
    ) throws -> any NeighbourSearch

    // MARK: Vectors

    /// Scales the rows of an R×D tensor to length 1 in place; rows of zeros stay, and padding between rows too.
    func makeUnitRows(_ rows: Tensor)

    /// sums[to] += x[from] for each pair, in their order. Both have the same columns, and no padding.
    func addRows(_ pairs: [RowPair], of x: Tensor, to sums: Tensor)

    /// target[to] = x[from] for each pair, in their order. Both have the same columns.
    func copyRows(_ pairs: [RowPair], of x: Tensor, to target: Tensor)

    /// Several unit vectors for one label, by spherical k-means of its documents' unit vectors (Dhillon & Modha, Machine
    /// Learning 2001): what a head label's documents have in common is less than what each kind of them has.
    ///
    /// Documents in their order, ties to the smaller cluster, a start that is spread evenly over the documents.
    ///
    /// - Parameters:
    ///   - documents: M×ld unit rows, without padding between them.
    ///   - dims: D of them.
    ///   - count: vectors wanted; no more than M come back.
    ///   - rounds: of assignment and mean.
    /// - Returns: min(count, M)×ld unit rows.
    func representatives(of documents: Tensor, dims: Int, count: Int, rounds: Int) -> Tensor

    // MARK: Lists

    /// The k best over lists of the same queries, whose ids are distinct (shards of one database).
    ///
    /// Merging the lists of any cut of a database gives what one search over all of it gives.
    func merge(_ lists: [TopK], k: Int) -> TopK

    /// The k best entries of each row of `scores`, ties by smaller column; fewer where the row is shorter.
    func best(of scores: CSRMatrix, k: Int) -> TopK

    /// Label scores from neighbouring documents: the sum of the similarities of the neighbours that have the label, divided
    /// by the row's largest sum (xclib's `ShortlistInstances`); the k best of each row.
    ///
    /// - Parameters:
    ///   - neighbours: the nearest training documents of each query, with similarities.
    ///   - labels: N×L, the labels of each training document.
    func labelScores(neighbours: TopK, labels: CSRMatrix, k: Int) -> TopK

    /// leftWeight·left + rightWeight·right over the ids in either list, the k best (xclib's `ShortlistEnsemble`).
    ///
    /// An id that is in one list only gets 0 from the other. Both lists hold the same queries.
    func blend(_ left: TopK, weight leftWeight: Float, _ right: TopK, weight rightWeight: Float, k: Int) -> TopK
}

/// Finds the database vectors nearest to each query. Made by a device, of whose queries it is asked.
///
/// Scores are similarities as they are, neither clipped nor turned into distances (as xclib's shortlists return).
public protocol NeighbourSearch: Sendable {
    /// Vectors in the database.
    var count: Int { get }

    /// The k nearest of each of the Q queries (Q×D), ties by smaller id; padded where the database has fewer than k vectors. A
    /// product that is NaN or −∞ is left out.
    ///
    /// - Throws: `Failure` where the search runs out of memory.
    func topK(queries: Tensor, k: Int) throws -> TopK
}

/// The settings of a neighbour graph, under their usual names.
public struct GraphSettings: Sendable, Equatable {
    /// Links a vector (twice as many on the lowest layer).
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public var M: Int
    /// Candidates kept while building.
    public var efC: Int
    /// Candidates kept while searching; at least k are.
    public var efS: Int

    // swift-format-ignore: AlwaysUseLowerCamelCase
    public init(M: Int, efC: Int, efS: Int) {
        self.M = M
        self.efC = efC
        self.efS = efS
    }
}

/// A row of one matrix, and the row of another that it goes to.
public struct RowPair: Sendable, Equatable, BitwiseCopyable {
    public var from: Int32
    public var to: Int32

    public init(from: Int, to: Int) {
        self.from = Int32(from)
        self.to = Int32(to)
    }
}

extension SearchOperations {
    /// The same, counted by nobody.
    public func graphSearch(over database: Tensor, firstId: Int, settings: GraphSettings, parts: Int, seed: Int) throws
        -> any NeighbourSearch
    {
        try graphSearch(
            over: database, firstId: firstId, settings: settings, parts: parts, seed: seed, progress: .none)
    }
}
