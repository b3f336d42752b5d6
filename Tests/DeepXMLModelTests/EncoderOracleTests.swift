import DeepXMLModel
import Devices
import Support
import Testing

/// Every layer against torch in double precision: output, all gradients, and all parameters after three steps of Adam.
@Suite struct EncoderOracleTests {
    @Test func oracleIsThere() { #expect((EncoderLayersOracle.shared?.cases.count ?? 0) >= 16) }

    @Test(arguments: EncoderLayersOracle.shared?.cases ?? []) func asTorch(_ oracle: EncoderLayersOracle.Case) throws {
        let stack = try EncoderStack(
            coarse: oracle.coarse.map(\.arch), fine: oracle.fine.map(\.arch), inputDims: oracle.inputDims,
            streams: RandomStreams(seed: 1, module: 1), on: cpu)
        #expect(stack.slots.map(\.name) == oracle.slots.map(\.name))
        #expect(stack.slots.map(\.isTrained) == oracle.slots.map(\.isTrained))
        #expect(stack.slots.map(\.range.count) == oracle.slots.map(\.start.count))
        for (slot, start) in zip(stack.slots, oracle.slots) {
            for (i, value) in zip(slot.range, start.start) { stack.parameters.value.host.pointer[i] = Float(value) }
        }
        let rows = oracle.output.count / stack.outputDims
        let pass = EncoderPass(stack, ids: (0..<Int32(rows)).map { $0 }, lengths: oracle.lengths)
        fill(pass.x, oracle.x, cols: oracle.inputDims)
        for (i, weight) in oracle.weights.enumerated() { pass.weights[i] = Float(weight) }
        let c = DenseMatrix(rows: rows, cols: paddedWidth(stack.outputDims))
        fill(c, oracle.c, cols: stack.outputDims)

        for step in 1...3 {
            stack.prepare(training: true)
            pass.forward(step: step)
            let gradient = pass.backward(c)
            if step == 1 { expect(pass, gradient.input, oracle) }
            stack.finishGradient(gradient.parameters, blocks: 1, trainsCoarse: true)
            if step == 1 { expect(gradient.parameters, stack, oracle) }
            stack.apply(gradient.parameters, trainsCoarse: true, Adam.dense(learningRate: 0.01, step: step))
        }
        for (slot, end) in zip(stack.slots, oracle.slots) {
            // Adam makes steps of what is noise about zero: the gradient of attention's keys' biases.
            let moved = end.end.indices.filter { end.gradient.isEmpty || end.gradient[$0] == 0 || abs(end.gradient[$0]) > 1e-9 }
            let found = moved.map { Double(stack.parameters.value.host.pointer[slot.range.lowerBound + $0]) }
            expectNear(found, moved.map { end.end[$0] }, 2e-5, "\(slot.name) after three steps")
        }
    }

    private func expect(_ pass: EncoderPass, _ dx: DenseMatrix, _ oracle: EncoderLayersOracle.Case) {
        expectNear(unpadded(pass.output, cols: pass.stack.outputDims), oracle.output, "z")
        expectNear(unpadded(pass.intermediate, cols: pass.stack.intermediateDims), oracle.intermediate, "x̂")
        expectNear(unpadded(dx, cols: oracle.inputDims), oracle.inputGradient, "∂x")
    }

    private func expect(_ gradient: Tensor, _ stack: EncoderStack, _ oracle: EncoderLayersOracle.Case) {
        for (slot, expected) in zip(stack.slots, oracle.slots) where slot.isTrained {
            expectNear(gradient.array[slot.range].map(Double.init), expected.gradient, 3e-6, "∂\(slot.name)")
        }
    }

    private func expectNear(_ found: [Float]?, _ expected: [Double], _ what: Comment) {
        #expect(found != nil, "\(what): padding is not zero")
        expectNear((found ?? []).map(Double.init), expected, 3e-6, what)
    }

    private func expectNear(_ found: [Double], _ expected: [Double], _ tolerance: Double, _ what: Comment) {
        #expect(found.count == expected.count, what)
        let size = max(expected.map(abs).max() ?? 0, 1)
        let distance = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(found.allSatisfy { $0.isFinite } && distance <= tolerance * size, "\(what): \(distance) of \(size)")
    }

    private func fill(_ matrix: DenseMatrix, _ values: [Double], cols: Int) {
        for (i, value) in values.enumerated() { matrix[i / cols, i % cols] = Float(value) }
    }
}
