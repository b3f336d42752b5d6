import DeepXMLModel
import Devices
import Support
import Testing

/// Properties of whole encoders: independence of blocks, empty rows, frozen parts, dropout's numbers, refusals.
@Suite struct EncoderStackTests {
    static let lengths = [3, 1, 0, 6, 2, 6, 1, 4, 9, 0, 15, 7, 2, 2, 31, 5, 1, 8, 3, 3]

    private static func length(_ id: Int32) -> Int { lengths[Int(id) % lengths.count] }

    private static func pass(_ stack: EncoderStack, _ ids: [Int32], _ step: Int?, keepsTape: Bool = true) -> EncoderPass {
        let pass = EncoderPass(stack, ids: ids, lengths: stack.input == .tokens ? ids.map(length) : nil)
        pass.forward(step: step, keepsTape: keepsTape)
        return pass
    }

    /// A document's x̂ and z have the same bits in whatever block it stands, with or without dropout and tape.
    @Test(arguments: (EncoderSamples.sequences + EncoderSamples.features).map(\.name), [nil, 7] as [Int?])
    func rowsDoNotDependOnTheirBlock(_ name: String, _ step: Int?) throws {
        let sample = try #require((EncoderSamples.sequences + EncoderSamples.features).first { $0.name == name })
        let stack = try sample.stack()
        stack.prepare(training: step != nil)
        let ids = (0..<40).map { Int32($0 * 7 % 40) }
        let whole = Self.pass(stack, ids, step)
        let z = try #require(unpadded(whole.output, cols: stack.outputDims)), dims = stack.outputDims
        let hidden = try #require(unpadded(whole.intermediate, cols: stack.intermediateDims)), inner = stack.intermediateDims
        #expect(z.allSatisfy { $0.isFinite })
        for (first, count) in [(0, 1), (1, 1), (2, 5), (9, 13), (20, 20), (39, 1)] {
            let part = Self.pass(stack, Array(ids[first..<first + count]), step, keepsTape: count % 2 == 0)
            #expect(unpadded(part.output, cols: dims)?[...] == z[first * dims..<(first + count) * dims], "\(first) …")
            #expect(
                unpadded(part.intermediate, cols: inner)?[...] == hidden[first * inner..<(first + count) * inner], "\(first) …")
        }
    }

    /// A tape that served other blocks leaves nothing behind.
    @Test(arguments: EncoderSamples.sequences.map(\.name)) func tapesServeAgain(_ name: String) throws {
        let stack = try #require(EncoderSamples.sequences.first { $0.name == name }).stack()
        stack.prepare(training: true)
        let large = EncoderPass(stack, ids: [10, 14, 11, 30], lengths: [15, 31, 7, 20])
        let small = EncoderPass(stack, ids: [3, 4], lengths: [6, 2])
        let c = noise(rows: 4, cols: stack.outputDims, seed: 4).padded(dims: stack.outputDims)
        func results(_ pass: EncoderPass, _ tape: EncoderTape) -> ([Float], [Float]) {
            stack.forward(pass.block, step: 2, intermediate: pass.intermediate, output: pass.output, tape: tape)
            let gradient = cpu.tensor(rows: 1, cols: stack.gradientLength)
            let dx = cpu.paddedTensor(rows: pass.x.rows, dims: stack.inputDims)
            stack.backward(
                pass.block, outputGradient: c.rows(0..<pass.rows), tape: tape, trainsCoarse: true, gradient: gradient,
                inputGradient: dx)
            return (gradient.array, dx.withPadding.array)
        }
        let used = EncoderTape(on: cpu)
        let before = results(large, used)
        let fresh = results(small, EncoderTape(on: cpu))
        #expect(results(small, used) == fresh)
        #expect(results(large, used) == before)
    }

    @Test func rowsWithoutTokensGiveZeros() throws {
        for sample in EncoderSamples.sequences {
            let stack = try sample.stack()
            stack.prepare(training: true)
            for ids: [Int32] in [[2], [2, 9], [0, 2, 1]] {
                let pass = Self.pass(stack, ids, 3)
                let empty = try #require(ids.firstIndex(of: 2))
                if sample.name != "an mlp a token, then a GRU" {
                    #expect((0..<stack.intermediateDims).allSatisfy { pass.intermediate.host[empty, $0] == 0 }, "\(sample.name)")
                }
                let gradient = pass.backward(noise(rows: ids.count, cols: stack.outputDims, seed: 1))
                #expect(
                    pass.output.array.allSatisfy { $0.isFinite } && gradient.parameters.array.allSatisfy { $0.isFinite })
            }
            let none = EncoderPass(stack, ids: [], lengths: [])
            none.forward(step: 1)
            #expect(
                none.backward(DenseMatrix(rows: 0, cols: paddedWidth(stack.outputDims))).parameters.array.allSatisfy { $0 == 0 })
        }
    }

    /// Frozen coarse layers get no gradient and don't move; and the pass from x̂ gives the same z.
    @Test func frozenCoarseLayers() throws {
        for sample in EncoderSamples.sequences where sample.name == "GRU" || sample.name == "LSTM" {
            let stack = try sample.stack()
            stack.prepare(training: true)
            let pass = Self.pass(stack, [1, 4, 6, 3], 5)
            let c = noise(rows: 4, cols: stack.outputDims, seed: 6)
            let free = pass.backward(c).parameters.array
            pass.forward(step: 5)
            let frozen = pass.backward(c, trainsCoarse: false).parameters
            #expect(frozen.array[..<stack.coarseCount].allSatisfy { $0 == 0 })
            #expect(frozen.array[stack.coarseCount...] == free[stack.coarseCount...])

            let z = cpu.paddedTensor(rows: 4, dims: stack.outputDims), tape = EncoderTape(on: cpu), copy = pass.intermediate
            let block = EncoderBlock(ids: pass.ids, x: copy, stage: .intermediate)
            stack.forward(block, step: 5, intermediate: copy, output: z, tape: tape)
            #expect(z.withPadding.array == pass.output.withPadding.array)
            let dx = cpu.paddedTensor(rows: 4, dims: stack.intermediateDims)
            let gradient = cpu.tensor(rows: 1, cols: stack.gradientLength)
            stack.backward(
                block, outputGradient: c.padded(dims: stack.outputDims), tape: tape, trainsCoarse: true, gradient: gradient,
                inputGradient: dx)
            #expect(gradient.array == frozen.array)
            #expect(dx.array.contains { $0 != 0 })

            let before = stack.parameters.value.host.buffer.array
            stack.update(gradient: gradient, blocks: 1, trainsCoarse: false, Adam.dense(learningRate: 0.1, step: 1))
            let after = stack.parameters.value.host.buffer.array
            #expect(after[..<stack.coarseCount] == before[..<stack.coarseCount])
            #expect(after[stack.coarseCount...] != before[stack.coarseCount...])
        }
    }

    /// Running mean and variance over two blocks of different size: those of torch's rule, the variance within blocks.
    @Test func runningStatistics() throws {
        let stack = try EncoderStack(
            coarse: [LayerDescription(kind: "_identity")],
            fine: [LayerDescription(kind: "batchnorm1d", numbers: ["momentum": 0.3])],
            inputDims: 4, streams: RandomStreams(seed: 1, module: 1), on: cpu)
        stack.prepare(training: true)
        let sum = cpu.tensor(rows: 1, cols: stack.gradientLength)
        let blocks = [EncoderPass(stack, ids: [0, 1, 2, 3, 4], lengths: nil), EncoderPass(stack, ids: [5, 6, 7], lengths: nil)]
        for block in blocks {
            block.forward(step: 1)
            let gradient = block.backward(noise(rows: block.rows, cols: 4, seed: 1)).parameters
            cpu.add(gradient, to: sum)
        }
        stack.update(gradient: sum, blocks: 2, trainsCoarse: true, Adam.dense(learningRate: 0, step: 1))
        func slot(_ name: String) throws -> [Float] {
            let slot = try #require(stack.slots.first { $0.name == "fine.0.batchnorm1d.\(name)" })
            return slot.range.map { stack.parameters.value.host.pointer[$0] }
        }
        let (means, variances) = (try slot("running_mean"), try slot("running_var"))
        for d in 0..<4 {
            let columns = blocks.map { block in (0..<block.rows).map { Double(block.x[$0, d]) } }
            let mean = columns.joined().reduce(0, +) / 8
            let squares = columns.map { column in
                let center = column.reduce(0, +) / Double(column.count)
                return column.reduce(0) { $0 + ($1 - center) * ($1 - center) }
            }
            #expect(abs(Double(means[d]) - 0.3 * mean) < 1e-6)
            #expect(abs(Double(variances[d]) - (0.7 + 0.3 * squares.reduce(0, +) / 6)) < 1e-6)
        }
        // At prediction each row is alone.
        let (one, all) = (EncoderPass(stack, ids: [6], lengths: nil), blocks[1])
        one.forward(step: nil)
        all.forward(step: nil)
        #expect((0..<4).allSatisfy { one.output.host[0, $0] == all.output.host[1, $0] })
    }

    /// Dropout keeps the share asked for, draws anew each step, for each document, place and layer.
    @Test func dropoutDrawsItsOwnNumbers() throws {
        let half = LayerDescription(kind: "dropout", numbers: ["p": 0.5])
        let stack = try EncoderStack(
            coarse: [LayerDescription(kind: "_identity"), half], fine: [half], inputDims: 200,
            streams: RandomStreams(seed: 1, module: 1), on: cpu)
        func kept(_ id: Int32, _ step: Int) -> (first: [Bool], second: [Bool]) {
            let pass = EncoderPass(stack, ids: [id], lengths: nil)
            pass.x.buffer.fill(1)
            pass.forward(step: step)
            return (pass.intermediate.array.map { $0 == 2 }, pass.output.array.map { $0 == 4 })
        }
        let one = kept(3, 1)
        #expect(one == kept(3, 1))
        for other in [kept(3, 2), kept(4, 1)] { #expect(other.first != one.first) }
        let counts = (1...20).map { kept(9, $0) }
        let first = counts.reduce(0) { $0 + $1.first.count { $0 } }, second = counts.reduce(0) { $0 + $1.second.count { $0 } }
        // 4,000 draws each: five standard deviations are 158 and 137. Had both layers one mask, they would keep 2,000 twice.
        #expect(abs(first - 2000) < 158 && abs(second - 1000) < 137)
    }

    @Test func sequencesDrawAnewAtEachPlace() throws {
        let stack = try EncoderStack(
            coarse: [
                LayerDescription(kind: "astecpp", numbers: ["dropout": 0.5]),
                LayerDescription(kind: "astec", numbers: ["dropout": 0]),
            ],
            fine: [], inputDims: 40, streams: RandomStreams(seed: 1, module: 1), on: cpu)
        let pass = EncoderPass(stack, ids: [5], lengths: [12])
        pass.x.buffer.fill(1)
        pass.weights.fill(1)
        pass.forward(step: 1)
        // The sum over places of 0 or 2: with one mask for all places, 0 or 24.
        #expect(pass.intermediate.array.contains { $0 != 0 && $0 != 24 })
    }

    @Test func startsAsTorchDoes() throws {
        let stack = try EncoderSamples.sequences.first { $0.name == "GRU" }?.stack() ?? EncoderSamples.features[0].stack()
        for slot in stack.slots where slot.name.contains("rnn") {
            let values = slot.range.map { stack.parameters.value.host.pointer[$0] }
            #expect(values.allSatisfy { abs($0) <= 1 / Float(5).squareRoot() })
            #expect(values.map(abs).max() ?? 0 > 0.2, "\(slot.name)")
            #expect(Set(values).count > values.count * 9 / 10, "\(slot.name)")
        }
        let others = try EncoderSamples.sequences.first { $0.name == "GRU" }?.stack(seed: 4)
        #expect(others?.parameters.value.host.buffer.array != stack.parameters.value.host.buffer.array)
    }
}
