import Support

/// A model's config.json as Hugging Face's `transformers` writes it: which family it is of, and its sizes.
struct PretrainedConfig {
    /// Families that differ in their names of sizes and weights only.
    enum Family: String, CaseIterable {
        case bert, distilbert

        /// What the family calls a size.
        fileprivate func key(_ size: Size) -> String {
            switch (self, size) {
            case (_, .vocabulary): "vocab_size"
            case (_, .positions): "max_position_embeddings"
            case (_, .types): "type_vocab_size"
            case (.bert, .hidden): "hidden_size"
            case (.bert, .layers): "num_hidden_layers"
            case (.bert, .heads): "num_attention_heads"
            case (.bert, .intermediate): "intermediate_size"
            case (.distilbert, .hidden): "dim"
            case (.distilbert, .layers): "n_layers"
            case (.distilbert, .heads): "n_heads"
            case (.distilbert, .intermediate): "hidden_dim"
            }
        }
    }

    fileprivate enum Size {
        case vocabulary, hidden, layers, heads, intermediate, positions, types

        /// Far beyond any model that there is.
        var range: ClosedRange<Int> { self == .layers ? 0...1024 : 1...1 << 24 }
    }

    let family: Family
    let shape: TransformerShape

    /// - Parameter path: of config.json.
    /// - Throws: `Failure` where the file is missing, of another family, or says what this program does not compute.
    init(path: String) throws { try self.init(MappedFile(path: path)) }

    init(_ file: MappedFile) throws {
        let path = file.path, json = try JSONValue.read(file)
        family = try Self.family(json, path)
        try Self.refuseVariants(json, path)
        let family = family
        func size(_ size: Size) throws -> Int {
            let key = family.key(size)
            guard let value = json[key]?.integer, size.range.contains(value) else {
                throw Self.unusable(
                    "a size is missing or out of range", "\(path): \(key)", found: json[key]?.text ?? "no such key",
                    expected: "a whole number, \(size.range.lowerBound)…\(size.range.upperBound)")
            }
            return value
        }
        shape = TransformerShape(
            vocabulary: try size(.vocabulary), hidden: try size(.hidden), layers: try size(.layers),
            heads: try size(.heads), intermediate: try size(.intermediate), positions: try size(.positions),
            types: family == .distilbert ? 0 : try size(.types), epsilon: try Self.epsilon(json, family, path),
            activation: try Self.activation(json, family, path))
        guard shape.hidden % shape.heads == 0 else {
            throw Self.unusable(
                "the hidden size is no multiple of the heads", path, found: "\(shape.hidden) and \(shape.heads)",
                expected: "as many dimensions for each head")
        }
    }

    private static func family(_ json: JSONValue, _ path: String) throws -> Family {
        let type = json["model_type"]?.string
        if let family = type.flatMap(Family.init(rawValue:)) { return family }
        throw unusable(
            "a model of a family that this program does not compute", "\(path): model_type", found: type ?? "no such key",
            expected: "bert (BERT, MiniLM, BGE, E5, GTE, …) or distilbert")
    }

    /// What would make the same weights another model.
    private static func refuseVariants(_ json: JSONValue, _ path: String) throws {
        let positions = json["position_embedding_type"]?.string ?? "absolute"
        guard positions == "absolute" else {
            throw unusable(
                "positions of a kind that this program does not compute", "\(path): position_embedding_type", found: positions,
                expected: "absolute")
        }
        for key in ["is_decoder", "add_cross_attention"] where json[key] == .bool(true) {
            throw unusable("a decoder", "\(path): \(key)", found: "true", expected: "an encoder: false")
        }
    }

    /// DistilBERT's is no setting; config.json of old BERTs leaves it out.
    private static func epsilon(_ json: JSONValue, _ family: Family, _ path: String) throws -> Float {
        guard family == .bert, let value = json["layer_norm_eps"] else { return 1e-12 }
        guard let number = value.number, number > 0, number <= 0.1 else {
            throw unusable("out of range", "\(path): layer_norm_eps", found: value.text, expected: "above 0, at most 0.1")
        }
        return Float(number)
    }

    private static func activation(
        _ json: JSONValue, _ family: Family, _ path: String
    ) throws -> TransformerShape.Activation {
        let key = family == .bert ? "hidden_act" : "activation"
        let name = json[key]?.string ?? "gelu"
        if name == "gelu_pytorch_tanh" { return .geluTanh }
        if let activation = TransformerShape.Activation(rawValue: name) { return activation }
        throw unusable(
            "an activation that this program does not compute", "\(path): \(key)", found: name,
            expected: TransformerShape.Activation.allCases.map(\.rawValue).joined(separator: ", "))
    }

    private static func unusable(_ problem: String, _ place: String, found: String, expected: String) -> Failure {
        Failure(
            .usage, problem, at: place, found: String(found.prefix(100)), expected: expected,
            advice: "give the folder of a BERT, DistilBERT, MiniLM, BGE or E5 model, as Hugging Face lays it out")
    }
}
