import DeepXMLModel
import Foundation
import Testing

/// Tests/oracles/encoder_layers.json: encoder layers by torch (Tests/oracles/encoder_layers.py).
struct EncoderLayersOracle: Decodable, Sendable {
    struct Layer: Decodable, Sendable {
        var kind: String
        var numbers: [String: Double]
        var texts: [String: String]
        var arch: LayerDescription { LayerDescription(kind: kind, numbers: numbers, texts: texts) }
    }
    struct Slot: Decodable, Sendable {
        var name: String
        var isTrained: Bool
        var start: [Double], gradient: [Double], end: [Double]
    }
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var coarse: [Layer], fine: [Layer]
        var inputDims: Int
        /// Of the rows' sequences; nil: dense features.
        var lengths: [Int]?
        /// Without padding.
        var x: [Double], weights: [Double], c: [Double]
        var intermediate: [Double], output: [Double], inputGradient: [Double]
        var slots: [Slot]
        var testDescription: String { name }
    }
    var cases: [Case]

    static let shared: EncoderLayersOracle? = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("oracles/encoder_layers.json")
        return try? JSONDecoder().decode(EncoderLayersOracle.self, from: Data(contentsOf: path))
    }()
}
