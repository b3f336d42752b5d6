import Foundation
import Support

/// Tests/oracles/astec_steps.json: ten training steps of each module by torch (Tests/oracles/astec_steps.py).
struct AstecOracle: Decodable {
    struct Data: Decodable {
        struct Document: Decodable {
            var tokens: [Int32]
            var weights: [Float]

            init(from decoder: any Decoder) throws {
                var pair = try decoder.unkeyedContainer()
                tokens = try pair.decode([Int32].self)
                weights = try pair.decode([Float].self)
            }
        }
        var features: [Document]
        var labels: [[Int32]]
        var negatives: [[Int32]]
        /// Documents of each step.
        var batches: [[Int32]]
    }
    /// All row-major, without padding.
    struct Parameters: Decodable {
        var embeddings: [Double], residual: [Double], residualBias: [Double]
        var u: [Double], v: [Double]
        var weight: [Double], bias: [Double]
    }
    struct Module: Decodable {
        var losses: [Double]
        var end: Parameters
    }
    var vocabulary: Int, labelCount: Int, dims: Int
    var learningRate: Double
    var data: Data
    var start: Parameters
    var modules: [String: Module]

    static func load() throws -> AstecOracle {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("oracles/astec_steps.json")
        return try JSONDecoder().decode(AstecOracle.self, from: Foundation.Data(contentsOf: path))
    }

    var features: CSRMatrix {
        CSRMatrix(cols: vocabulary, rows: data.features.map { Array(zip($0.tokens, $0.weights)) })
    }

    /// Lists of labels as a binary matrix.
    func matrix(_ lists: [[Int32]]) -> CSRMatrix {
        CSRMatrix(cols: labelCount, rows: lists.map { $0.map { ($0, 1) } }, binary: true)
    }
}
