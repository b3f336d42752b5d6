import DeepXMLModel
import Devices
import Support
import Testing

/// Weights that were trained before come to the right places of a stack; layers learn at rates of their own.
@Suite struct TransformerWeightsTests {
    private static let hidden = 6,
        shape = TransformerShape(
            vocabulary: 9, hidden: 6, layers: 2, heads: 3, intermediate: 7, positions: 50, types: 2)

    private func stack() throws -> EncoderStack {
        try EncoderStack(
            coarse: [
                LayerDescription(
                    kind: "transformer",
                    numbers: ["num_layers": 2, "num_heads": 3, "intermediate_size": 7, "positions": 40]),
                LayerDescription(kind: "pooling"),
            ], fine: [LayerDescription(kind: "linear", numbers: ["output_size": 5])], inputDims: Self.hidden,
            streams: RandomStreams(seed: 1, module: 1), on: cpu)
    }

    /// Numbers that tell the name, the row and the column.
    private func weights(_ name: String) throws -> DenseMatrix {
        let tensor = try #require(Self.shape.tensors.first { $0.name == name }),
            place = try #require(
                Self.shape.tensors.firstIndex(of: tensor))
        let matrix = DenseMatrix(rows: tensor.rows, cols: tensor.cols)
        for r in 0..<tensor.rows { for c in 0..<tensor.cols { matrix[r, c] = Float(place * 10000 + r * 100 + c) } }
        return matrix
    }

    @Test func eachSlotGetsItsOwn() throws {
        let stack = try stack()
        let before = stack.parameters.value.host.buffer.array
        var read: [String] = []
        try stack.load(Self.shape, from: "here") {
            read.append($0)
            return try weights($0)
        }
        #expect(Set(read) == Set(Self.shape.tensors.map(\.name)).subtracting(["embeddings.word"]))
        for slot in stack.slots {
            let found = slot.range.map { stack.parameters.value.host.pointer[$0] }
            guard slot.name.contains(".transformer.") else {
                #expect(found[...] == before[slot.range])
                continue
            }
            let name = slot.name.replacing("coarse.0.transformer.", with: "")
            let parts =
                name.contains("projection")
                ? try ["query", "key", "value"].flatMap { try weights(name.replacing("projection", with: $0)).buffer.array }
                : try weights(name).buffer.array
            #expect(found == Array(parts.prefix(found.count)), "\(name)")
        }
    }

    @Test func withoutTypesTheirsIsZero() throws {
        let stack = try stack()
        var shape = Self.shape
        shape.types = 0
        try stack.load(shape, from: "here", read: weights)
        let slot = try #require(stack.slots.first { $0.name.hasSuffix("embeddings.type") })
        #expect(slot.range.allSatisfy { stack.parameters.value.host.pointer[$0] == 0 })
    }

    @Test func otherSizesAreRefused() throws {
        let stack = try stack()
        func refusal(_ change: (inout TransformerShape) -> Void) -> Failure? {
            var shape = Self.shape
            change(&shape)
            do { try stack.check(shape, from: "here") } catch let failure as Failure { return failure } catch {}
            return nil
        }
        #expect(refusal { $0.positions = 40 } == nil)
        #expect(refusal { $0.positions = 39 }?.expected == "positions at most 39, as in the arch file")
        #expect(refusal { $0.epsilon = 1e-5 }?.found.hasPrefix("eps") == true)
        #expect(refusal { $0.activation = .relu }?.found == "relu")
        let other = try EncoderStack(
            coarse: [LayerDescription(kind: "astec")], fine: [], inputDims: 6, streams: RandomStreams(seed: 1, module: 1), on: cpu
        )
        #expect(throws: Failure.self) { try other.check(Self.shape, from: "here") }
    }

    /// SGD moves a parameter by its rate: layer k of n by decay^(n − k), what comes after the layers by the whole rate.
    @Test func lowerLayersLearnSlower() throws {
        let stack = try stack()
        let gradient = cpu.tensor(rows: 1, cols: stack.gradientLength)
        cpu.fill(gradient, 1)
        let before = stack.parameters.value.host.buffer.array
        let step = OptimiserStep(kind: .sgd, beta1: 0, beta2: 0, epsilon: 0, rate: 0.5, inverseRoot: 1)
        stack.apply(gradient, trainsCoarse: true, step, layerDecay: 0.5)
        for slot in stack.slots {
            let expected: Float =
                slot.name.contains(".embeddings.") ? 0.125 : slot.name.contains(".layers.0.") ? 0.25 : 0.5
            for i in slot.range {
                #expect(abs(before[i] - stack.parameters.value.host.pointer[i] - expected) < 1e-6, "\(slot.name)")
            }
        }
        #expect(stack.rateFactor(level: 0, 0.5) == 0.25)
    }

    /// AdamW takes lr·λ of matrices, and nothing of vectors.
    @Test func decayLeavesVectorsAlone() throws {
        let stack = try stack()
        let gradient = cpu.tensor(rows: 1, cols: stack.gradientLength)
        cpu.fill(stack.parameters.value, 2)
        let settings = OptimiserSettings(kind: .adamW, weightDecay: 0.1)
        stack.apply(gradient, trainsCoarse: true, settings.dense(learningRate: 0.5, step: 1))
        for slot in stack.slots {
            let expected: Float = slot.rows == 1 ? 2 : 2 * (1 - 0.05)
            #expect(slot.range.allSatisfy { abs(stack.parameters.value.host.pointer[$0] - expected) < 1e-6 }, "\(slot.name)")
        }
    }

    @Test func normOfAGradient() throws {
        let stack = try stack()
        let gradient = cpu.tensor(rows: 1, cols: stack.gradientLength)
        cpu.fill(gradient, 0.5)
        let count = stack.slots.reduce(0) { $0 + $1.range.count }
        #expect(abs(stack.norm(of: gradient, trainsCoarse: true) - 0.5 * Double(count).squareRoot()) < 1e-9)
    }
}
