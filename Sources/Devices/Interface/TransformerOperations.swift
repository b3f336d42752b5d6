/// What a transformer does beside products (Vaswani et al. 2017; Devlin et al. 2019). Each row of a result depends only on its own
/// row, or on its document's.
public protocol TransformerOperations {
    /// Layer normalisation (Ba et al. 2016): x becomes (x − mean) · inverse, inverse = 1/√(variance + eps) over each row's columns,
    /// and y = weight · x + bias.
    ///
    /// - Parameters:
    ///   - weight, bias: 1×cols.
    ///   - inverse: at least rows floats, one after the other.
    func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, eps: Float, inverse: Tensor, into y: Tensor)

    /// In place, the gradient of what went in from that of y.
    ///
    /// - Parameter standard: what x became.
    func layerNormBackward(_ g: Tensor, standard: Tensor, weight: Tensor, inverse: Tensor)

    /// x += bias; y = x Φ(x), Φ within 10⁻⁷ of the exact one (Hendrycks & Gimpel 2016).
    func addBiasGelu(_ bias: Tensor, to x: Tensor, into y: Tensor)

    /// g *= the slope at x.
    func geluBackward(_ g: Tensor, x: Tensor)

    /// y = softmax(Q Kᵀ/√d) V of each document's vectors and each head. No weight is kept: the backward pass computes them again.
    ///
    /// - Parameters:
    ///   - projections: vectors×3w: queries, keys and values side by side, each w = heads·d wide.
    ///   - y: vectors×w.
    func attention(_ projections: Tensor, _ attention: Attention, into y: Tensor)

    /// The gradient of the projections from that of y, in place of the projections.
    func attentionBackward(_ g: Tensor, _ attention: Attention, projections: Tensor)

    /// x[i] += table[rows[i]].
    func addRows(of table: Tensor, _ rows: [Int32], to x: Tensor)

    /// table[rows[i]] += g[i], in ascending i.
    func sumRows(_ g: Tensor, into table: Tensor, _ rows: [Int32])
}

/// Whose vectors attend to each other, by how many heads, and which weights are dropped.
public struct Attention: Sendable {
    public var heads: Int
    /// documents + 1, from 0: the vectors of document r are `starts[r] ..< starts[r + 1]`.
    public var starts: [Int64]
    /// One a document: its number, by which dropout is drawn.
    public var ids: [Int32]
    /// Vectors of a document, at most.
    public var longest: Int
    /// Dropout of the weights: weight (i, j) of a head draws by the document, the head, and its places i and j, so that any cut of a
    /// batch draws the same numbers.
    public var dropout: (stream: RandomStream, keep: Float)?

    public init(
        heads: Int, starts: [Int64], ids: [Int32], longest: Int, dropout: (stream: RandomStream, keep: Float)? = nil
    ) {
        precondition(starts.count == ids.count + 1)
        (self.heads, self.starts, self.ids, self.longest, self.dropout) = (heads, starts, ids, longest, dropout)
    }
}
