import Support

/// An encoder of the BERT family in a folder as Hugging Face lays it out: its sizes from config.json, and its weights by the names
/// of `TransformerShape.tensors`, whatever the family calls them.
public struct PretrainedFolder: Sendable {
    public let path: String
    public let shape: TransformerShape
    private let family: PretrainedConfig.Family
    private let weights: SafetensorsFolder
    /// What stands before each name in the file, where a whole model with heads was saved.
    private let prefix: String

    /// - Throws: `Failure` where a file is missing or damaged, the model is of another family, or an array is missing or of
    ///   another shape than config.json says; the weights themselves are not read.
    public init(path: String) throws {
        self.path = path
        let config = try PretrainedConfig(path: "\(path)/config.json")
        (shape, family) = (config.shape, config.family)
        let files = try SafetensorsFolder(path: path), first = PretrainedNames.name("embeddings.word", config.family)
        weights = files
        prefix = ["bert.", "distilbert."].first { files[$0 + first] != nil } ?? ""
        for tensor in shape.tensors { _ = try stored(tensor) }
    }

    /// The sizes alone: what is needed of a folder before its weights are.
    public static func shape(path: String) throws -> TransformerShape {
        try PretrainedConfig(path: "\(path)/config.json").shape
    }

    /// - Parameter config: config.json.
    package static func shape(config: MappedFile) throws -> TransformerShape { try PretrainedConfig(config).shape }

    /// The weights of a canonical name, such as `layers.0.attention.query.weight`: outputs × inputs, row-major; a bias or a
    /// norm's vector is one row. Memory of its own.
    ///
    /// - Throws: `Failure` where the elements are no floats of at most 32 bits, or one is not finite.
    public func tensor(_ name: String) throws -> DenseMatrix {
        guard let tensor = shape.tensors.first(where: { $0.name == name }) else {
            throw Failure(
                .usage, "the encoder has no such weights", at: path, found: name,
                expected: "embeddings.word, layers.0.attention.query.weight, …",
                advice: suggestion(for: name, among: shape.tensors.map(\.name)).map { "did you mean \($0)?" } ?? "")
        }
        return try weights.floats(stored(tensor))
    }

    /// Hex digest of the weights and sizes, whatever they are called.
    ///
    /// - Throws: `Failure` where a weight cannot be read.
    public func fingerprint() throws -> String {
        var words: [UInt64] = [UInt64(shape.heads), UInt64(shape.epsilon.bitPattern)]
        for tensor in shape.tensors {
            let values = try self.tensor(tensor.name).buffer
            words.append(withExtendedLifetime(values) { ContentHash.of(UnsafeRawBufferPointer(values.bytes)) })
        }
        return words.withUnsafeBytes { ContentHash.hex(ContentHash.of($0)) }
    }

    /// The name of the array in the file.
    private func stored(_ tensor: TransformerShape.Tensor) throws -> String {
        let name = prefix + PretrainedNames.name(tensor.name, family)
        // Weights that were converted from TensorFlow long ago keep its names.
        let old = name.replacingSuffix("LayerNorm.weight", "LayerNorm.gamma").replacingSuffix("LayerNorm.bias", "LayerNorm.beta")
        guard let found = weights[name] ?? weights[old] else {
            throw Failure(
                .usage, "the weights lack an array of the encoder", at: path, found: "\(weights.names.count) arrays",
                expected: name,
                advice: "check that weights and config.json are of one model")
        }
        let wanted = tensor.rows == 1 && found.shape.count == 1 ? [tensor.cols] : [tensor.rows, tensor.cols]
        guard found.shape == wanted else {
            throw Failure(
                .usage, "an array is of another shape than config.json says", at: "\(path): \(found.name)",
                found: "\(found.shape)",
                expected: "\(wanted)", advice: "check that weights and config.json are of one model")
        }
        return found.name
    }
}

/// What the families call the weights.
enum PretrainedNames {
    static func name(_ canonical: String, _ family: PretrainedConfig.Family) -> String {
        let parts = canonical.split(separator: ".").map(String.init)
        if parts[0] == "embeddings" {
            let part = ["word": "word_embeddings", "position": "position_embeddings", "type": "token_type_embeddings"][parts[1]]
            return "embeddings." + (part.map { "\($0).weight" } ?? "LayerNorm.\(parts[2])")
        }
        let part = (family == .bert ? bert : distilbert)["\(parts[2]).\(parts[3])"] ?? ""
        return "\(family == .bert ? "encoder" : "transformer").layer.\(parts[1]).\(part).\(parts[4])"
    }

    private static let bert = [
        "attention.query": "attention.self.query", "attention.key": "attention.self.key",
        "attention.value": "attention.self.value",
        "attention.output": "attention.output.dense", "attention.norm": "attention.output.LayerNorm",
        "feedforward.in": "intermediate.dense", "feedforward.out": "output.dense", "feedforward.norm": "output.LayerNorm",
    ]

    private static let distilbert = [
        "attention.query": "attention.q_lin", "attention.key": "attention.k_lin", "attention.value": "attention.v_lin",
        "attention.output": "attention.out_lin", "attention.norm": "sa_layer_norm", "feedforward.in": "ffn.lin1",
        "feedforward.out": "ffn.lin2", "feedforward.norm": "output_layer_norm",
    ]
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, _ other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}
