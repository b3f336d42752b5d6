import Support

/// What the Astec encoder leaves open: DESIGN.md §1.
public struct AstecParameters: Sendable, Equatable {
    /// Drop probability of x̂ while training.
    public var coarseDropout: Double
    /// Drop probability inside the residual block, nil where z = x̂.
    public var fineDropout: Double?

    public init(coarseDropout: Double = 0.5, fineDropout: Double? = 0.5) {
        self.coarseDropout = coarseDropout
        self.fineDropout = fineDropout
    }
}

extension Arch {
    /// Astec as the paper has it, for which there is a faster path than for a stack of any layers.
    public var isAstec: Bool {
        let fine = fine.map(\.kind).filter { $0 != "identity" && $0 != "_identity" }
        return coarse.map(\.kind) == ["astec"] && (coarse[0].texts["reduction"] ?? "sum") == "sum"
            && (fine.isEmpty || fine == ["residual"])
    }

    /// The parameters of this architecture as Astec: one `astec` layer, then nothing, `identity`, or one `residual` block.
    ///
    /// - Parameter embeddingDims: D, to which the layers' own sizes must be equal where they are said.
    /// - Throws: `Failure` that names the layer or argument that cannot be trained yet.
    public func astecParameters(embeddingDims: Int? = nil) throws -> AstecParameters {
        guard coarse.count == 1, coarse[0].kind == "astec" else {
            throw Arch.untrainable(coarse, of: "transform_coarse", expected: "[\"astec\"]")
        }
        try coarse[0].check(texts: ["reduction": "sum"], sizes: ["embedding_dims"], equal: embeddingDims)
        let coarseDropout = try coarse[0].dropout
        let block = fine.filter { $0.kind != "identity" && $0.kind != "_identity" }
        guard let residual = block.first else { return AstecParameters(coarseDropout: coarseDropout, fineDropout: nil) }
        guard block.count == 1, residual.kind == "residual" else {
            throw Arch.untrainable(block, of: "transform_fine", expected: "[\"residual\"] or [\"identity\"]")
        }
        try residual.check(texts: ["init": "eye"], sizes: ["input_size", "output_size"], equal: embeddingDims)
        return AstecParameters(coarseDropout: coarseDropout, fineDropout: try residual.dropout)
    }

    private static func untrainable(_ layers: [Layer], of stack: String, expected: String) -> Failure {
        Failure(
            .usage, "this architecture cannot be trained in this release", at: stack,
            found: "[" + layers.map { "\"\($0.kind)\"" }.joined(separator: ", ") + "]", expected: expected,
            advice: "use --arch Astec")
    }
}

extension Arch.Layer {
    /// Drop probability, the original's .5 where unsaid.
    fileprivate var dropout: Double {
        get throws {
            let dropout = numbers["dropout"] ?? 0.5
            guard (0..<1).contains(dropout), texts["dropout"] == nil else {
                throw Failure(
                    .usage, "a dropout that is no probability", at: "\(kind).dropout", found: texts["dropout"] ?? "\(dropout)",
                    expected: "a number from 0 to below 1")
            }
            return dropout
        }
    }

    fileprivate func check(texts fixed: [String: String], sizes: [String], equal dims: Int?) throws {
        for (name, value) in fixed where texts[name] != nil && texts[name] != value {
            throw Failure(
                .usage, "\(kind).\(name) cannot be trained in this release", at: "\(kind).\(name)", found: texts[name] ?? "",
                expected: value)
        }
        for name in sizes {
            guard let size = numbers[name], let dims, size != Double(dims) else { continue }
            throw Failure(
                .usage, "\(kind).\(name) is not the number of dimensions", at: "\(kind).\(name)",
                found: "\(Int(saturating: size))",
                expected: "\(dims) (global.embedding_dims)", advice: "write \"#ARGS.embedding_dims;\"")
        }
    }
}
