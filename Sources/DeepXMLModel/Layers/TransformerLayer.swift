import Devices

/// One layer of a transformer of BERT's kind (Devlin et al. 2019), which normalises after each of its two parts:
///
/// a = norm(x + dropout(W_o attention(W_qkv x))), y = norm(a + dropout(W₂ GELU(W₁ a))), all W with biases.
///
/// Tokens of a block stand one after the other, without padding: the products are over all of them, and attention knows where
/// each document begins. The gradients take the place of what the backward pass has done with, so that a token costs 8H + 2I
/// floats in all; or, where the layers of a stack share their inner memory, H in each: the backward pass then computes the rest
/// again (activation checkpointing: Chen et al. 2016), to the same bits.
final class TransformerLayer: EncoderLayer {
    let output: LayerShape
    let overwritesGradient = true
    private let wide: LayerShape, expandedShape: LayerShape
    private let settings: TransformerSettings
    private let projection: Dense, attended: Dense, expansion: Dense, contraction: Dense
    private let firstNorm: NormSlots, secondNorm: NormSlots
    /// What several layers work in; nil: each keeps its own.
    private let inner: InnerMemory?
    private let attentionSite: DropoutSite, firstSite: DropoutSite, secondSite: DropoutSite

    init(
        _ name: String, _ settings: TransformerSettings, sharing inner: InnerMemory?, _ layout: inout ParameterLayout,
        on device: any Device
    ) {
        let hidden = settings.hidden
        self.inner = inner
        self.settings = settings
        output = LayerShape(dims: hidden, isSequence: true)
        wide = LayerShape(dims: 3 * hidden, isSequence: true)
        expandedShape = LayerShape(dims: settings.intermediate, isSequence: true)
        projection = Dense("\(name).attention.projection", inputDims: hidden, outputDims: 3 * hidden, &layout, on: device)
        attended = Dense("\(name).attention.output", inputDims: hidden, outputDims: hidden, &layout, on: device)
        firstNorm = NormSlots("\(name).attention.norm", dims: hidden, &layout)
        expansion = Dense("\(name).feedforward.in", inputDims: hidden, outputDims: settings.intermediate, &layout, on: device)
        contraction = Dense("\(name).feedforward.out", inputDims: settings.intermediate, outputDims: hidden, &layout, on: device)
        secondNorm = NormSlots("\(name).feedforward.norm", dims: hidden, &layout)
        attentionSite = layout.addDropout(settings.attentionDropout)
        firstSite = layout.addDropout(settings.dropout)
        secondSite = layout.addDropout(settings.dropout)
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        for dense in [projection, attended, expansion, contraction] { dense.prepare(values, training: training, on: device) }
    }

    /// This layer's memory of one pass. Backward, `x` takes the gradient of `projections`, `context`, `expanded`, … in their own
    /// places.
    private struct Memory {
        let projections, context, first, middle, expanded, active, second, result: Tensor
        let firstInverse, secondInverse: Tensor

        /// - Parameter tape: of all but the result.
        init(_ layer: TransformerLayer, _ pass: LayerPass, _ tape: LayerTape) {
            func activations(_ number: Int, _ shape: LayerShape) -> Tensor {
                tape.tensor(number, rows: pass.count(shape), dims: shape.dims)
            }
            projections = activations(0, layer.wide)
            context = activations(1, layer.output)
            (first, middle) = (activations(2, layer.output), activations(3, layer.output))
            (expanded, active) = (activations(4, layer.expandedShape), activations(5, layer.expandedShape))
            second = activations(6, layer.output)
            result = pass.activations(7, layer.output)
            firstInverse = tape.tensor(8, rows: pass.plan.tokens, dims: 1, padded: false)
            secondInverse = tape.tensor(9, rows: pass.plan.tokens, dims: 1, padded: false)
        }
    }

    private func withMemory<Result>(_ pass: LayerPass, _ body: (Memory) -> Result) -> Result {
        guard let inner else { return body(Memory(self, pass, pass.tape)) }
        return inner.lent { body(Memory(self, pass, $0)) }
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor { withMemory(pass) { forward(x, pass, $0) } }

    private func forward(_ x: Tensor, _ pass: LayerPass, _ memory: Memory) -> Tensor {
        let device = pass.device
        projection.multiply(x, pass, into: memory.projections)
        device.addBias(pass.values.matrix(projection.bias), to: memory.projections)
        device.attention(memory.projections, attention(pass), into: memory.context)
        attended.multiply(memory.context, pass, into: memory.first)
        join(memory.first, with: x, attended, firstSite, firstNorm, inverse: memory.firstInverse, pass, into: memory.middle)
        expansion.multiply(memory.middle, pass, into: memory.expanded)
        device.addBiasGelu(pass.values.matrix(expansion.bias), to: memory.expanded, into: memory.active)
        contraction.multiply(memory.active, pass, into: memory.second)
        join(
            memory.second, with: memory.middle, contraction, secondSite, secondNorm, inverse: memory.secondInverse, pass,
            into: memory.result)
        return memory.result
    }

    /// y = norm(x + dropout(part + bias)); `part` becomes what the norm's backward pass wants.
    private func join(
        _ part: Tensor, with x: Tensor, _ dense: Dense, _ site: DropoutSite, _ norm: NormSlots, inverse: Tensor,
        _ pass: LayerPass, into y: Tensor
    ) {
        pass.device.addBias(pass.values.matrix(dense.bias), to: part)
        site.apply(part, shape: output, relu: false, pass)
        pass.device.add(x, to: part)
        pass.device.layerNorm(
            part, weight: pass.values.matrix(norm.weight), bias: pass.values.matrix(norm.bias), eps: settings.eps,
            inverse: inverse, into: y)
    }

    private func attention(_ pass: LayerPass) -> Attention {
        Attention(
            heads: settings.heads, starts: pass.plan.starts, ids: pass.plan.ids, longest: settings.positions,
            dropout: attentionSite.draw(pass))
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        withMemory(pass) { memory in
            if inner != nil { _ = forward(x, pass, memory) }
            return backward(g, x: x, pass, memory, gradient, wantsInput: wantsInput)
        }
    }

    private func backward(
        _ g: Tensor, x: Tensor, _ pass: LayerPass, _ memory: Memory, _ gradient: LayerGradient, wantsInput: Bool
    ) -> Tensor? {
        let device = pass.device
        // Once the second norm is behind us, `second` is free.
        leave(g, standard: memory.second, inverse: memory.secondInverse, secondNorm, pass, gradient)
        let part = memory.second
        device.copy(g, to: part)
        secondSite.apply(part, shape: output, relu: false, pass)
        contraction.backward(part, x: memory.active, pass, gradient, into: memory.active)
        device.geluBackward(memory.active, x: memory.expanded)
        expansion.backward(memory.active, x: memory.middle, pass, gradient, into: memory.middle)
        device.add(g, to: memory.middle)
        leave(memory.middle, standard: memory.first, inverse: memory.firstInverse, firstNorm, pass, gradient)
        device.copy(memory.middle, to: part)
        firstSite.apply(part, shape: output, relu: false, pass)
        attended.backward(part, x: memory.context, pass, gradient, into: memory.context)
        device.attentionBackward(memory.context, attention(pass), projections: memory.projections)
        projection.backward(memory.projections, x: x, pass, gradient, into: wantsInput ? memory.result : nil)
        guard wantsInput else { return nil }
        device.add(memory.middle, to: memory.result)
        return memory.result
    }

    /// Back through a norm, in place.
    private func leave(
        _ g: Tensor, standard: Tensor, inverse: Tensor, _ norm: NormSlots, _ pass: LayerPass, _ gradient: LayerGradient
    ) {
        pass.device.columnProducts(g, standard, into: gradient.matrix(norm.weight))
        pass.device.columnSums(g, into: gradient.matrix(norm.bias))
        pass.device.layerNormBackward(g, standard: standard, weight: pass.values.matrix(norm.weight), inverse: inverse)
    }
}

/// W of out×in and a bias, as part of a layer.
private final class Dense: Sendable {
    let weight: ParameterSlot, bias: ParameterSlot
    private let product: PreparedMatrix, backProduct: PreparedMatrix

    init(_ name: String, inputDims: Int, outputDims: Int, _ layout: inout ParameterLayout, on device: any Device) {
        weight = layout.add("\(name).weight", rows: outputDims, cols: inputDims, TransformerSettings.start)
        bias = layout.add("\(name).bias", rows: 1, cols: outputDims, .zeros)
        product = device.preparedMatrix(inner: inputDims, cols: outputDims)
        backProduct = device.preparedMatrix(inner: outputDims, cols: inputDims)
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        device.prepare(product, from: values.matrix(weight), transposed: true)
        if training { device.prepare(backProduct, from: values.matrix(weight), transposed: false) }
    }

    /// y = x Wᵀ.
    func multiply(_ x: Tensor, _ pass: LayerPass, into y: Tensor) {
        pass.device.multiply(x, product, into: y, accumulate: false)
    }

    /// The parameters' gradients from g, that of x Wᵀ + b; then the gradient of x, which may take x's place.
    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, _ gradient: LayerGradient, into dx: Tensor?) {
        pass.device.multiply(transposed: g, x, into: gradient.matrix(weight))
        pass.device.columnSums(g, into: gradient.matrix(bias))
        if let dx { pass.device.multiply(g, backProduct, into: dx, accumulate: false) }
    }
}
