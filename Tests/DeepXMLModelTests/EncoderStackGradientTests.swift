import Testing

/// Gradients of whole encoders, dropout included, against central differences of their own forward pass.
@Suite struct EncoderStackGradientTests {
    typealias Sample = EncoderSamples.Sample

    @Test(arguments: EncoderSamples.sequences.map(\.name)) func sequences(_ name: String) throws {
        let sample = try #require(EncoderSamples.sequences.first { $0.name == name })
        try check(sample, lengths: EncoderSamples.lengths)
    }

    @Test func features() throws { for sample in EncoderSamples.features { try check(sample, lengths: nil) } }

    @Test func batchNorm() throws { try check(EncoderSamples.normalised, lengths: nil) }

    private func check(_ sample: Sample, lengths: [Int]?) throws {
        let stack = try sample.stack()
        let pass = EncoderPass(stack, ids: EncoderSamples.ids, lengths: lengths), step = 5
        // Away from what the layers start from: an identity or a bias of zero hides mistakes.
        let shift = noise(rows: 1, cols: stack.parameters.value.cols, scale: 0.3, seed: 23)
        for slot in stack.slots where slot.isTrained {
            for i in slot.range { stack.parameters.value.host.pointer[i] += shift.pointer[i] }
        }
        let c = noise(rows: pass.rows, cols: stack.outputDims, seed: 18)
        stack.prepare(training: true)
        pass.forward(step: step)
        let gradient = pass.backward(c)
        stack.finishGradient(gradient.parameters, blocks: 1, trainsCoarse: true)
        for slot in stack.slots where slot.isTrained {
            let values = stack.parameters.value.host.pointer + slot.range.lowerBound
            let found = gradient.parameters.array[slot.range].map(Double.init)
            expectGradient(found, of: values, "∂\(slot.name)") { pass.loss(c, step: step) }
        }
        for vector in 0..<pass.x.rows {
            let found = (0..<stack.inputDims).map { Double(gradient.input[vector, $0]) }
            expectGradient(found, of: pass.x.row(vector), "∂x of vector \(vector)", mayBeZero: true) {
                pass.loss(c, step: step)
            }
        }
        #expect(unpadded(gradient.input, cols: stack.inputDims) != nil, "padding of ∂x")
    }

    /// Compares with differences at two distances, joined by Richardson's rule; where the two disagree there is a kink
    /// (of ReLU or of a maximum) nearby, which few elements may have.
    private func expectGradient(
        _ found: [Double], of values: UnsafeMutablePointer<Float>, _ what: Comment, mayBeZero: Bool = false, loss: () -> Double
    ) {
        func slope(_ i: Int, _ h: Float) -> Double {
            let start = values[i]
            defer { values[i] = start }
            values[i] = start + h
            let above = loss(), right = Double(values[i])
            values[i] = start - h
            return (above - loss()) / (right - Double(values[i]))
        }
        let size = max(found.map(abs).max() ?? 0, 1)
        var smooth = 0, largest = 0.0
        for i in found.indices {
            let near = slope(i, 1e-3), far = slope(i, 2e-3)
            largest = max(largest, abs(near))
            if abs(near - far) > 1e-3 * size { continue }
            smooth += 1
            let expected = (4 * near - far) / 3
            #expect(abs(found[i] - expected) < 1e-3 * size, "\(what)[\(i)]: \(found[i]), by differences \(expected)")
        }
        #expect(mayBeZero || largest > 1e-3, "\(what): a gradient of zeros tests nothing")
        #expect(smooth * 4 >= found.count * 3, "\(what): only \(smooth) of \(found.count) elements are smooth")
    }
}
