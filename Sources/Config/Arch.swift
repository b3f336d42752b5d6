import Support

/// An architecture file: two stacks of layers, each layer with its arguments after `#ARGS.x;` substitution.
public struct Arch: Sendable, Equatable {
    public struct Layer: Sendable, Equatable {
        /// `astec`, `residual`, … (an entry of `order`).
        public var kind: String
        public var numbers: [String: Double]
        public var texts: [String: String]
        public init(kind: String, numbers: [String: Double] = [:], texts: [String: String] = [:]) {
            self.kind = kind
            self.numbers = numbers
            self.texts = texts
        }
    }
    /// x̂ = coarse(x): the intermediate representation.
    public var coarse: [Layer]
    /// z = fine(x̂).
    public var fine: [Layer]

    public init(coarse: [Layer], fine: [Layer]) {
        self.coarse = coarse
        self.fine = fine
    }

    /// Astec as in the original's `Astec.json`: bag of embeddings, ReLU, dropout; then a residual block.
    public static func astec(dropout: Double = 0.5) -> Arch {
        Arch(
            coarse: [Layer(kind: "astec", numbers: ["dropout": dropout])],
            fine: [Layer(kind: "residual", numbers: ["dropout": dropout], texts: ["init": "eye"])])
    }

    /// Tokens of a document that its encoder reads, at most; nil: all.
    public var longestDocument: Int? {
        let limits = ["transformer": ("positions", 512.0), "rnn": ("max_tokens", 1024), "xmlcnn": ("max_tokens", 1024)]
        return coarse.compactMap { layer in limits[layer.kind].map { Int(saturating: layer.numbers[$0.0] ?? $0.1) } }.min()
    }

    /// Arguments that change memory and time, but no bit of what is computed.
    private static let withoutEffect: Set = ["activation_checkpointing"]

    /// One line that differs wherever layers or their arguments do.
    var canonicalText: String {
        func text(_ layers: [Layer]) -> String {
            layers.map { layer in
                let numbers = layer.numbers.filter { !Self.withoutEffect.contains($0.key) }
                let arguments = numbers.map { "\($0)=\($1)" } + layer.texts.map { "\($0)=\($1)" }
                return "\(layer.kind)(\(arguments.sorted().joined(separator: ",")))"
            }.joined(separator: " ")
        }
        return "coarse \(text(coarse)) fine \(text(fine))"
    }
}
