import Foundation
import TestSupport
import WorkerChecks

/// What `SampleArch.transformer` has, for the 200 tokens of a small case.
struct SampleWeights {
    var vocabulary = 200, hidden = 16, layers = 2, heads = 4, inner = 24

    var config: String {
        """
        {"model_type": "bert", "hidden_size": \(hidden), "num_hidden_layers": \(layers), "num_attention_heads": \(heads),
         "intermediate_size": \(inner), "vocab_size": \(vocabulary), "max_position_embeddings": 64, "type_vocab_size": 2,
         "hidden_act": "gelu", "layer_norm_eps": 1e-12}
        """
    }

    var arrays: [(name: String, shape: [Int])] {
        var arrays: [(String, [Int])] = [
            ("word_embeddings.weight", [vocabulary, hidden]), ("position_embeddings.weight", [64, hidden]),
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

    /// Writes config.json and model.safetensors.
    ///
    /// - Parameter number: of a weight that is no number.
    func write(to folder: String, factor: Double = 0.3, notANumber number: Int? = nil) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try config.write(toFile: "\(folder)/config.json", atomically: true, encoding: .utf8)
        let bytes = safetensors(arrays) { $0 == number ? .nan : Float(factor * sin(Double($0) * 1.7)) }
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/model.safetensors"))
    }
}

extension SmallCase {
    /// A transformer that is trained as pretrained ones are.
    static func fineTuned(_ settings: [String]) -> SmallCase {
        var small = SmallCase(.ova, .transformer)
        small.settings =
            [
                "global.use_reranker=false", "extreme.optim=AdamW", "extreme.weight_decay=0.1", "extreme.layer_decay=0.8",
                "extreme.clip_norm=0.5", "extreme.lr_schedule=linear", "extreme.warmup=0.3", "extreme.epsilon=1e-10",
            ] + settings
        return small
    }
}
