import Devices

/// The first vector of each row (BERT's [CLS]); zeros of a row without.
final class FirstVectorLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape

    init(input: LayerShape) {
        self.input = input
        output = LayerShape(dims: input.dims, isSequence: false)
    }

    private func firsts(_ plan: BlockPlan) -> [Int32] {
        (0..<plan.rows).map { plan.length($0) > 0 ? Int32(plan.starts[$0]) : -1 }
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(0, output)
        pass.device.gatherRows(x, firsts(pass.plan), into: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        let dx = pass.activations(1, input)
        pass.device.fill(dx, 0)
        pass.device.scatterRows(g, firsts(pass.plan), into: dx)
        return dx
    }
}

/// The largest of each row's vectors, column by column; zeros of a row without.
final class MaxPoolingLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape

    init(input: LayerShape) {
        self.input = input
        output = LayerShape(dims: input.dims, isSequence: false)
    }

    /// Numbers of this layer's memory.
    private enum Memory { static let result = 0, inputGradient = 1, places = 2 }

    private func places(_ pass: LayerPass) -> Tensor {
        pass.tape.tensor(Memory.places, rows: pass.plan.rows, dims: input.dims, padded: false)
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(Memory.result, output)
        pass.device.columnMax(x, starts: pass.plan.starts, into: y, places: places(pass))
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        let dx = pass.activations(Memory.inputGradient, input)
        pass.device.columnMaxBackward(g, starts: pass.plan.starts, places: places(pass), into: dx)
        return dx
    }
}

/// A weighted mean of each row's vectors, whose weights a learnt query gives (Yang et al., NAACL 2016, eq. 6 and 7, without their
/// projection): softmax of q·x/√d over the row's vectors, head by head on d columns each. Zeros of a row without.
///
/// The query starts at zero, and so the layer as the mean.
final class AttentionPoolingLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let query: ParameterSlot
    private let heads: Int

    init(_ name: String, input: LayerShape, heads: Int, _ layout: inout ParameterLayout) {
        precondition(input.dims % heads == 0)
        self.input = input
        self.heads = heads
        output = LayerShape(dims: input.dims, isSequence: false)
        query = layout.add("\(name).query", rows: 1, cols: input.dims, .zeros)
    }

    /// Numbers of this layer's memory.
    private enum Memory { static let result = 0, inputGradient = 1, shares = 2 }

    private func shares(_ pass: LayerPass) -> Tensor {
        pass.tape.tensor(Memory.shares, rows: pass.plan.tokens, dims: heads, padded: false)
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(Memory.result, output)
        pass.device.attentionPool(
            x, starts: pass.plan.starts, query: pass.values.matrix(query), heads: heads, shares: shares(pass), into: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        let dx = pass.activations(Memory.inputGradient, input)
        pass.device.attentionPoolBackward(
            g, x: x, starts: pass.plan.starts, query: pass.values.matrix(query), heads: heads, shares: shares(pass), into: dx,
            dQuery: gradient.matrix(query))
        return wantsInput ? dx : nil
    }
}
