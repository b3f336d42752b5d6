/// The sizes of an encoder of the BERT family (Devlin et al., NAACL 2019): embeddings of word, position and type, summed and
/// normalised; then layers of self-attention and feed-forward, each followed by its sum with what it got and a layer norm.
public struct TransformerShape: Sendable, Hashable {
    /// What stands between the two products of the feed-forward part.
    public enum Activation: String, Sendable, CaseIterable {
        /// x·Φ(x), by the error function.
        case gelu
        /// GELU by the approximation with tanh (Hendrycks & Gimpel 2016).
        case geluTanh = "gelu_new"
        case relu
    }

    /// Rows of the word embeddings.
    public var vocabulary: Int
    /// Dimensions of a token's vector; a multiple of `heads`.
    public var hidden: Int
    public var layers, heads: Int
    /// Dimensions between the two products of the feed-forward part.
    public var intermediate: Int
    /// Tokens that a text has at most, [CLS] and [SEP] included.
    public var positions: Int
    /// Rows of the type embeddings; 0 where there are none (DistilBERT).
    public var types: Int
    /// Added to the variance in each layer norm.
    public var epsilon: Float
    public var activation: Activation

    public init(
        vocabulary: Int, hidden: Int, layers: Int, heads: Int, intermediate: Int, positions: Int, types: Int,
        epsilon: Float = 1e-12, activation: Activation = .gelu
    ) {
        (self.vocabulary, self.hidden, self.layers, self.heads) = (vocabulary, hidden, layers, heads)
        (self.intermediate, self.positions, self.types) = (intermediate, positions, types)
        (self.epsilon, self.activation) = (epsilon, activation)
    }

    /// An array of weights by the name that it has in this program, whatever its file calls it.
    public struct Tensor: Sendable, Hashable {
        /// `embeddings.word`, `layers.0.attention.query.weight`, …
        public var name: String
        /// Of a weight: outputs × inputs, row-major, as torch stores it. A bias or a norm's vector is one row.
        public var rows, cols: Int

        public init(_ name: String, rows: Int = 1, cols: Int) { (self.name, self.rows, self.cols) = (name, rows, cols) }
    }

    /// All arrays of weights, in the order of the forward pass.
    ///
    /// `embeddings.word`, `.position`, `.type` (where there are types), `.norm.weight`, `.norm.bias`; then for each layer N under
    /// `layers.N.`: `attention.query`, `.key`, `.value`, `.output`, `attention.norm`, `feedforward.in`, `.out`,
    /// `feedforward.norm`, each with `.weight` and `.bias`.
    public var tensors: [Tensor] {
        var all = [Tensor("embeddings.word", rows: vocabulary, cols: hidden)]
        all.append(Tensor("embeddings.position", rows: positions, cols: hidden))
        if types > 0 { all.append(Tensor("embeddings.type", rows: types, cols: hidden)) }
        all += norm("embeddings.norm")
        for layer in 0..<layers {
            let name = "layers.\(layer)"
            for part in ["query", "key", "value", "output"] { all += linear("\(name).attention.\(part)", hidden, hidden) }
            all += norm("\(name).attention.norm")
            all += linear("\(name).feedforward.in", intermediate, hidden)
            all += linear("\(name).feedforward.out", hidden, intermediate)
            all += norm("\(name).feedforward.norm")
        }
        return all
    }

    private func norm(_ name: String) -> [Tensor] {
        [Tensor("\(name).weight", cols: hidden), Tensor("\(name).bias", cols: hidden)]
    }

    private func linear(_ name: String, _ outputs: Int, _ inputs: Int) -> [Tensor] {
        [Tensor("\(name).weight", rows: outputs, cols: inputs), Tensor("\(name).bias", cols: outputs)]
    }
}
