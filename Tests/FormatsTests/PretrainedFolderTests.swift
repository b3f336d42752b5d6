import Formats
import Foundation
import Support
import TestSupport
import Testing

@Suite struct PretrainedFolderTests {
    private static let bert = """
        {"model_type": "bert", "hidden_size": 4, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 6,
         "vocab_size": 5, "max_position_embeddings": 3, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-05}
        """
    private static let distilbert = """
        {"model_type": "distilbert", "dim": 4, "n_layers": 1, "n_heads": 2, "hidden_dim": 6, "vocab_size": 5,
         "max_position_embeddings": 3, "activation": "gelu", "type_vocab_size": 9}
        """

    /// Names and shapes as `transformers` saves them.
    private static func bertArrays(prefix: String = "", gamma: Bool = false) -> [(name: String, shape: [Int])] {
        let (weight, bias) = gamma ? ("gamma", "beta") : ("weight", "bias")
        var arrays: [(String, [Int])] = [
            ("embeddings.word_embeddings.weight", [5, 4]), ("embeddings.position_embeddings.weight", [3, 4]),
            ("embeddings.token_type_embeddings.weight", [2, 4]), ("embeddings.LayerNorm.\(weight)", [4]),
            ("embeddings.LayerNorm.\(bias)", [4]),
        ]
        for layer in 0..<2 {
            for (part, extents) in [
                ("attention.self.query", [4, 4]), ("attention.self.key", [4, 4]), ("attention.self.value", [4, 4]),
                ("attention.output.dense", [4, 4]), ("intermediate.dense", [6, 4]), ("output.dense", [4, 6]),
            ] {
                arrays.append(("encoder.layer.\(layer).\(part).weight", extents))
                arrays.append(("encoder.layer.\(layer).\(part).bias", [extents[0]]))
            }
            for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
                arrays += [("encoder.layer.\(layer).\(part).\(weight)", [4]), ("encoder.layer.\(layer).\(part).\(bias)", [4])]
            }
        }
        return arrays.map { (prefix + $0.0, $0.1) } + [("pooler.dense.weight", [4, 4])]
    }

    private func folder(_ config: String, _ arrays: [(name: String, shape: [Int])]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("config.json", config)
        try folder.write("model.safetensors", safetensors(arrays))
        return folder
    }

    /// The first element of an array: one more than all elements before it.
    private func first(_ name: String, in arrays: [(name: String, shape: [Int])]) -> Float {
        Float(1 + arrays.prefix { $0.name != name }.reduce(0) { $0 + $1.shape.reduce(1, *) })
    }

    @Test(arguments: [("", false), ("bert.", false), ("", true)])
    func readsBert(prefix: String, gamma: Bool) throws {
        let arrays = Self.bertArrays(prefix: prefix, gamma: gamma)
        let scratch = try folder(Self.bert, arrays)
        let model = try PretrainedFolder(path: scratch.path)
        #expect(
            model.shape
                == TransformerShape(
                    vocabulary: 5, hidden: 4, layers: 2, heads: 2, intermediate: 6, positions: 3, types: 2, epsilon: 1e-5))
        for tensor in model.shape.tensors {
            let read = try model.tensor(tensor.name)
            #expect((read.rows, read.cols) == (tensor.rows, tensor.cols), "\(tensor.name)")
        }
        // Each array once, but the pooler's, which nothing reads.
        let firsts = try model.shape.tensors.map { try model.tensor($0.name).buffer[0] }
        #expect(firsts.sorted() == arrays.dropLast().map { first($0.name, in: arrays) })
        let norm = gamma ? "LayerNorm.gamma" : "LayerNorm.weight"
        for (name, stored) in [
            ("embeddings.type", "embeddings.token_type_embeddings.weight"), ("embeddings.norm.weight", "embeddings.\(norm)"),
            ("layers.1.attention.output.weight", "encoder.layer.1.attention.output.dense.weight"),
            ("layers.1.attention.value.bias", "encoder.layer.1.attention.self.value.bias"),
            ("layers.0.attention.norm.weight", "encoder.layer.0.attention.output.\(norm)"),
            ("layers.0.feedforward.norm.weight", "encoder.layer.0.output.\(norm)"),
            ("layers.0.feedforward.in.weight", "encoder.layer.0.intermediate.dense.weight"),
            ("layers.0.feedforward.out.weight", "encoder.layer.0.output.dense.weight"),
        ] {
            #expect(try model.tensor(name).buffer[0] == first(prefix + stored, in: arrays), "\(name)")
        }
    }

    @Test func readsDistilBert() throws {
        var arrays: [(name: String, shape: [Int])] = [
            ("distilbert.embeddings.word_embeddings.weight", [5, 4]),
            ("distilbert.embeddings.position_embeddings.weight", [3, 4]),
            ("distilbert.embeddings.LayerNorm.weight", [4]), ("distilbert.embeddings.LayerNorm.bias", [4]),
        ]
        for (part, extents) in [
            ("attention.q_lin", [4, 4]), ("attention.k_lin", [4, 4]), ("attention.v_lin", [4, 4]), ("attention.out_lin", [4, 4]),
            ("sa_layer_norm", [4]), ("ffn.lin1", [6, 4]), ("ffn.lin2", [4, 6]), ("output_layer_norm", [4]),
        ] {
            arrays.append(("distilbert.transformer.layer.0.\(part).weight", extents))
            arrays.append(("distilbert.transformer.layer.0.\(part).bias", [extents[0]]))
        }
        let scratch = try folder(Self.distilbert, arrays)
        let model = try PretrainedFolder(path: scratch.path)
        #expect(model.shape.types == 0 && model.shape.epsilon == 1e-12 && model.shape.tensors.count == arrays.count)
        let firsts = try model.shape.tensors.map { try model.tensor($0.name).buffer[0] }
        #expect(firsts == arrays.map { first($0.name, in: arrays) })
    }

    @Test func readsSeveralFiles() throws {
        let arrays = Self.bertArrays()
        let scratch = try TemporaryFolder()
        try scratch.write("config.json", Self.bert)
        try scratch.write("one.safetensors", safetensors(Array(arrays[..<9])))
        try scratch.write("two.safetensors", safetensors(Array(arrays[9...])))
        let map = arrays.enumerated().map { #""\#($1.name)": "\#($0 < 9 ? "one" : "two").safetensors""# }
        try scratch.write("model.safetensors.index.json", #"{"metadata": {}, "weight_map": {\#(map.joined(separator: ","))}}"#)
        let model = try PretrainedFolder(path: scratch.path)
        #expect(try model.tensor("embeddings.word").buffer[0] == 1)
        #expect(try model.tensor("layers.1.feedforward.norm.bias").rows == 1)
        for place in ["../one.safetensors", "/one.safetensors", ".safetensors", "one.bin", "a/one.safetensors"] {
            try scratch.write("model.safetensors.index.json", #"{"weight_map": {"a": "\#(place)"}}"#)
            #expect(refusal(scratch)?.problem == "the index names a file outside of its folder", "\(place)")
        }
        try scratch.write("model.safetensors.index.json", #"{"weight_map": {"a": "one.safetensors"}}"#)
        #expect(refusal(scratch)?.problem.contains("an array that its file does not have") == true)
        try scratch.write("model.safetensors.index.json", #"{"weight_map": {}}"#)
        #expect(refusal(scratch)?.problem == "the index names no arrays")
    }

    @Test(arguments: [
        (#""bert""#, #""roberta""#, "model_type"), (#""gelu""#, #""silu""#, "hidden_act"),
        (#""hidden_size": 4"#, #""hidden_size": 5"#, ""),
        (#""vocab_size": 5"#, #""vocab_size": 0"#, "vocab_size"), (#""vocab_size": 5"#, #""vocab_size": 1e300"#, "vocab_size"),
        (#""num_hidden_layers": 2"#, #""num_hidden_layers": 2000"#, "num_hidden_layers"),
        (#""vocab_size": 5"#, #""vocab_size": 6"#, ""),
        (#""num_hidden_layers": 2"#, #""num_hidden_layers": 3"#, ""), (#""type_vocab_size": 2, "#, "", "type_vocab_size"),
        (
            #""type_vocab_size": 2"#, #""type_vocab_size": 2, "position_embedding_type": "relative_key""#,
            "position_embedding_type"
        ),
        (#""type_vocab_size": 2"#, #""type_vocab_size": 2, "is_decoder": true"#, "is_decoder"), ("1e-05", "0", "layer_norm_eps"),
    ])
    func refusesOtherModels(old: String, new: String, place: String) throws {
        let config = Self.bert.replacingOccurrences(of: old, with: new)
        #expect(config != Self.bert)
        let failure = try #require(refusal(folder(config, Self.bertArrays())))
        #expect(failure.code == .usage && (place.isEmpty || failure.place.contains(place)), "\(failure)")
    }

    @Test func saysWhatIsMissing() throws {
        let scratch = try folder(Self.bert, Array(Self.bertArrays().dropFirst()))
        #expect(refusal(scratch)?.expected == "embeddings.word_embeddings.weight")
        try FileManager.default.removeItem(atPath: scratch.file("model.safetensors"))
        try scratch.write("pytorch_model.bin", "x")
        #expect(refusal(scratch)?.advice.contains("save_pretrained") == true)
        let whole = try folder(Self.bert, Self.bertArrays()), model = try PretrainedFolder(path: whole.path)
        do {
            _ = try model.tensor("layers.0.attention.qery.weight")
            Issue.record("no such weights")
        } catch let failure as Failure { #expect(failure.advice == "did you mean layers.0.attention.query.weight?") }
    }

    private func refusal(_ scratch: TemporaryFolder) -> Failure? {
        do { _ = try PretrainedFolder(path: scratch.path) } catch { return error as? Failure }
        return nil
    }
}
