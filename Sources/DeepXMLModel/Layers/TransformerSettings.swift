import Support

/// The sizes of a transformer of BERT's kind (Devlin et al. 2019): what its layers share.
struct TransformerSettings: Sendable {
    /// H.
    var hidden: Int
    var layers: Int
    var heads: Int
    /// Of the feed-forward network.
    var intermediate: Int
    /// Tokens of a document, at most.
    var positions: Int
    /// Probabilities.
    var dropout: Double, attentionDropout: Double
    /// Of layer normalisation.
    var eps: Float
    var shape: TransformerShape {
        TransformerShape(
            vocabulary: 0, hidden: hidden, layers: layers, heads: heads, intermediate: intermediate, positions: positions,
            types: 1, epsilon: eps)
    }

    /// All matrices start from U(−b, b) of the standard deviation .02.
    static let start = ParameterLayout.Start.uniform(bound: 0.02 * Float(3).squareRoot())
}

/// γ, β of a layer normalisation over H columns.
struct NormSlots: Sendable {
    let weight: ParameterSlot, bias: ParameterSlot

    init(_ name: String, dims: Int, _ layout: inout ParameterLayout) {
        weight = layout.add("\(name).weight", rows: 1, cols: dims, .ones)
        bias = layout.add("\(name).bias", rows: 1, cols: dims, .zeros)
    }
}
