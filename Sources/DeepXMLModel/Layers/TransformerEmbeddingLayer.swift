import Devices

/// y = dropout(norm(x + position + type)), x being the words' embeddings: what a transformer's first layer reads.
///
/// All tokens are of one type, BERT's first.
final class TransformerEmbeddingLayer: EncoderLayer {
    let output: LayerShape
    private let position: ParameterSlot, type: ParameterSlot, norm: NormSlots
    private let settings: TransformerSettings
    private let site: DropoutSite

    init(_ name: String, _ settings: TransformerSettings, _ layout: inout ParameterLayout) {
        output = LayerShape(dims: settings.hidden, isSequence: true)
        self.settings = settings
        position = layout.add(
            "\(name).position", rows: settings.positions, cols: settings.hidden, TransformerSettings.start)
        type = layout.add("\(name).type", rows: 1, cols: settings.hidden, TransformerSettings.start)
        norm = NormSlots("\(name).norm", dims: settings.hidden, &layout)
        site = layout.addDropout(settings.dropout)
    }

    /// Numbers of this layer's memory.
    private enum Memory { static let standard = 0, result = 1, inverse = 2 }

    private func inverse(_ pass: LayerPass) -> Tensor {
        pass.tape.tensor(Memory.inverse, rows: pass.plan.tokens, dims: 1, padded: false)
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let device = pass.device, sum = pass.activations(Memory.standard, output), y = pass.activations(Memory.result, output)
        device.copy(x, to: sum)
        device.addRows(of: pass.values.matrix(position), pass.plan.tokenPositions, to: sum)
        device.addBias(pass.values.matrix(type), to: sum)
        device.layerNorm(
            sum, weight: pass.values.matrix(norm.weight), bias: pass.values.matrix(norm.bias), eps: settings.eps,
            inverse: inverse(pass), into: y)
        site.apply(y, shape: output, relu: false, pass)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        let device = pass.device, standard = pass.activations(Memory.standard, output)
        site.apply(g, shape: output, relu: false, pass)
        device.columnProducts(g, standard, into: gradient.matrix(norm.weight))
        device.columnSums(g, into: gradient.matrix(norm.bias))
        device.layerNormBackward(g, standard: standard, weight: pass.values.matrix(norm.weight), inverse: inverse(pass))
        device.columnSums(g, into: gradient.matrix(type))
        device.sumRows(g, into: gradient.matrix(position), pass.plan.tokenPositions)
        return wantsInput ? g : nil
    }
}
