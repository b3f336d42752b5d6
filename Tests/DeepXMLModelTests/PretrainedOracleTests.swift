import DeepXMLModel
import Devices
import Formats
import Foundation
import Support
import Testing

/// A whole pretrained encoder against the `transformers` package (Tests/oracles/pretrained.py, which says how to run this): its
/// weights are too large to come with the program, so that the test runs only where a folder of them is named.
@Suite struct PretrainedOracleTests {
    private struct Oracle: Decodable {
        var ids: [[Int32]]
        /// Of the loss Σ c·mean.
        var c: [Double]
        var first: [Double], mean: [Double]
        /// The gradient at each token.
        var words: [Double]
        /// The beginning of each parameter's, by torch's name.
        var gradients: [String: [Double]]
    }

    static let folder = ProcessInfo.processInfo.environment["DEEPXML_PRETRAINED"]
    private static let oracle = ProcessInfo.processInfo.environment["DEEPXML_PRETRAINED_ORACLE"]

    @Test(.enabled(if: folder != nil), arguments: ["mean", "cls"]) func asTransformers(_ pooling: String) throws {
        let folder = try PretrainedFolder(path: #require(Self.folder)), shape = folder.shape
        let oracle = try JSONDecoder().decode(
            Oracle.self, from: Data(contentsOf: URL(fileURLWithPath: #require(Self.oracle))))
        let stack = try Self.stack(shape, pooling)
        try stack.load(shape, from: folder.path, read: folder.tensor)
        let pass = EncoderPass(stack, ids: oracle.ids.indices.map { Int32($0) }, lengths: oracle.ids.map(\.count))
        let words = try folder.tensor("embeddings.word")
        for (place, id) in oracle.ids.joined().enumerated() {
            pass.x.row(place).update(from: words.row(Int(id)), count: shape.hidden)
        }
        pass.weights.fill(1)
        pass.forward(step: nil)
        let expected = pooling == "mean" ? oracle.mean : oracle.first
        expectNear(unpadded(pass.output, cols: shape.hidden), expected, 1e-4, "hidden states")
        guard pooling == "mean" else { return }
        stack.prepare(training: true)
        pass.forward(step: 1)
        let c = DenseMatrix(rows: oracle.ids.count, cols: paddedWidth(shape.hidden))
        for (i, value) in oracle.c.enumerated() { c[i / shape.hidden, i % shape.hidden] = Float(value) }
        let gradient = pass.backward(c)
        expectNear(unpadded(gradient.input, cols: shape.hidden), oracle.words, 1e-3, "∂words")
        let found = gradient.parameters.array
        for slot in stack.slots {
            guard let expected = oracle.gradients[Self.torchName(slot.name)] else { continue }
            expectNear(Array(found[slot.range].prefix(expected.count)), expected, 1e-3, "∂\(slot.name)")
        }
    }

    /// Without dropout.
    private static func stack(_ shape: TransformerShape, _ pooling: String) throws -> EncoderStack {
        let sizes: [String: Double] = [
            "num_layers": Double(shape.layers), "num_heads": Double(shape.heads), "intermediate_size": Double(shape.intermediate),
            "positions": Double(shape.positions), "dropout": 0, "attention_dropout": 0, "eps": Double(shape.epsilon),
        ]
        return try EncoderStack(
            coarse: [
                LayerDescription(kind: "transformer", numbers: sizes),
                LayerDescription(kind: "pooling", texts: ["kind": pooling]),
            ], fine: [LayerDescription(kind: "identity")], inputDims: shape.hidden, streams: RandomStreams(seed: 1, module: 1),
            on: cpu)
    }

    /// Of the parameters that stand alone here and there; the first rows of a projection are the queries'.
    private static func torchName(_ slot: String) -> String {
        var name = slot.replacingOccurrences(of: "coarse.0.transformer.layers", with: "encoder.layer")
        for (ours, theirs) in [
            ("coarse.0.transformer.embeddings.norm", "embeddings.LayerNorm"),
            ("coarse.0.transformer.embeddings.position", "embeddings.position_embeddings.weight"),
            ("coarse.0.transformer.embeddings.type", "embeddings.token_type_embeddings.weight"),
            ("attention.projection", "attention.self.query"), ("attention.output", "attention.output.dense"),
            ("attention.norm", "attention.output.LayerNorm"), ("feedforward.in", "intermediate.dense"),
            ("feedforward.out", "output.dense"), ("feedforward.norm", "output.LayerNorm"),
        ] { name = name.replacingOccurrences(of: ours, with: theirs) }
        return name
    }

    private func expectNear(_ found: [Float]?, _ expected: [Double], _ tolerance: Double, _ what: Comment) {
        #expect(found != nil, "\(what): padding is not zero")
        guard let found else { return }
        #expect(found.count == expected.count, what)
        let size = max(expected.map(abs).max() ?? 0, tolerance)
        let distance = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(distance <= tolerance * size, "\(what): \(distance) of \(size)")
    }
}
