import Support

/// What a folder of pretrained weights says of how a text's token vectors become one vector: sentence-transformers' files beside
/// `config.json`. All of them are optional.
public struct SentenceSettings: Sendable, Equatable {
    /// How the vectors of a text's tokens become one.
    public enum Pooling: String, Sendable, CaseIterable {
        case mean
        /// The first token's.
        case cls
    }

    public var pooling: Pooling
    /// Vectors are divided by their l2 norm.
    public var normalises: Bool
    /// Tokens of a text that are read, at most; nil: as many as there are positions.
    public var maxTokens: Int?

    /// - Parameter pooling: instead of what the folder says; nil: that, or the mean where it says nothing.
    /// - Throws: `Failure` where a file is damaged, or asks for what this program does not compute.
    public init(folder: String, pooling: Pooling? = nil) throws {
        let path = "\(folder)/modules.json"
        var poolingFolder = "1_Pooling", normalises = false
        if isFile(path), case .array(let modules) = try JSONValue.read(path) {
            for module in modules {
                switch module["type"]?.string?.split(separator: ".").last {
                case "Transformer": break
                case "Pooling": poolingFolder = try Self.name(module["path"]?.string, path)
                case "Normalize": normalises = true
                case let other:
                    throw Self.unusable(
                        "a module that this program does not compute", path, found: other.map(String.init) ?? "no type",
                        expected: "Transformer, Pooling, Normalize",
                        advice: "copy the weights, config.json and the tokenizer to a folder without modules.json: what is "
                            + "written then is the pooled vector before that module")
                }
            }
        }
        self.pooling = try pooling ?? Self.pooling("\(folder)/\(poolingFolder)/config.json")
        self.normalises = normalises
        maxTokens = try Self.maxTokens("\(folder)/sentence_bert_config.json")
    }

    /// A folder within the model's.
    private static func name(_ path: String?, _ file: String) throws -> String {
        if let path, !path.isEmpty, path != "..", !path.contains("/") { return path }
        throw unusable("a module without a folder of its own", file, found: path ?? "no path", expected: "1_Pooling")
    }

    private static func pooling(_ path: String) throws -> Pooling {
        guard isFile(path) else { return .mean }
        let asked = (try JSONValue.read(path).members ?? []).filter {
            $0.name.hasPrefix("pooling_mode_") && $0.value == .bool(true)
        }.map(\.name)
        switch asked {
        case [], ["pooling_mode_mean_tokens"]: return .mean
        case ["pooling_mode_cls_token"]: return .cls
        default:
            throw unusable(
                "a pooling that this program does not compute", path, found: asked.joined(separator: ", "),
                expected: "pooling_mode_mean_tokens or pooling_mode_cls_token", advice: "give --pooling mean or cls")
        }
    }

    private static func maxTokens(_ path: String) throws -> Int? {
        guard isFile(path), let value = try JSONValue.read(path)["max_seq_length"], value != .null else { return nil }
        if let count = value.integer, count > 0 { return count }
        throw unusable("out of range", "\(path): max_seq_length", found: value.text, expected: "a whole number above 0")
    }

    private static func unusable(
        _ problem: String, _ place: String, found: String, expected: String, advice: String = "check the folder's files"
    ) -> Failure {
        Failure(.usage, problem, at: place, found: String(found.prefix(100)), expected: expected, advice: advice)
    }
}
