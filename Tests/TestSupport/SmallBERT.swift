import Foundation

/// A small encoder of BERT's kind in a folder as Hugging Face lays it out; its sizes are those of the transformer of small cases.
public struct SmallBERT: Sendable {
    public var vocabulary: Int, hidden: Int, layers: Int, heads: Int, inner: Int
    public static let positions = 64

    public init(vocabulary: Int = 200, hidden: Int = 16, layers: Int = 2, heads: Int = 4, inner: Int = 24) {
        (self.vocabulary, self.hidden, self.layers, self.heads, self.inner) = (vocabulary, hidden, layers, heads, inner)
    }

    public var config: String {
        """
        {"model_type": "bert", "hidden_size": \(hidden), "num_hidden_layers": \(layers), "num_attention_heads": \(heads),
         "intermediate_size": \(inner), "vocab_size": \(vocabulary), "max_position_embeddings": \(Self.positions),
         "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12}
        """
    }

    private var arrays: [(name: String, shape: [Int])] {
        var arrays: [(String, [Int])] = [
            ("word_embeddings.weight", [vocabulary, hidden]), ("position_embeddings.weight", [Self.positions, hidden]),
            ("token_type_embeddings.weight", [2, hidden]), ("LayerNorm.weight", [hidden]), ("LayerNorm.bias", [hidden]),
        ].map { ("embeddings.\($0)", $1) }
        for layer in 0..<layers {
            let parts = [
                ("attention.self.query", hidden, hidden), ("attention.self.key", hidden, hidden),
                ("attention.self.value", hidden, hidden), ("attention.output.dense", hidden, hidden),
                ("intermediate.dense", inner, hidden), ("output.dense", hidden, inner),
            ]
            for (part, rows, cols) in parts {
                arrays.append(("encoder.layer.\(layer).\(part).weight", [rows, cols]))
                arrays.append(("encoder.layer.\(layer).\(part).bias", [rows]))
            }
            for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
                for part in ["weight", "bias"] { arrays.append(("encoder.layer.\(layer).\(norm).\(part)", [hidden])) }
            }
        }
        return arrays
    }

    /// Writes `config.json` and `model.safetensors`.
    ///
    /// - Parameters:
    ///   - factor: of all weights.
    ///   - number: of a weight that is no number.
    public func write(to folder: String, factor: Double = 0.3, notANumber number: Int? = nil) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try config.write(toFile: "\(folder)/config.json", atomically: true, encoding: .utf8)
        let bytes = safetensors(arrays) { $0 == number ? .nan : Float(factor * sin(Double($0) * 1.7)) }
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/model.safetensors"))
    }
}
