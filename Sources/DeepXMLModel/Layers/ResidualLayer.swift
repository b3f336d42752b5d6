import Devices

/// z = pad(x) + dropout(ReLU(R̄ x + b)), R̄ = R/σ(R) of out×in (WSDM 2021, §4); x is cut or padded with zeros to out.
final class ResidualLayer: EncoderLayer {
    let finishesGradient = true
    let input: LayerShape, output: LayerShape
    private let weight: ParameterSlot, bias: ParameterSlot, u: ParameterSlot, v: ParameterSlot
    private let site: DropoutSite
    /// R̄ of the last `prepare`, without padding; and σ.
    private let effective: Tensor, sigma: Tensor
    private let product: PreparedMatrix, backProduct: PreparedMatrix

    /// - Parameter startsAtRandom: R Xavier-uniform with ReLU gain √2, else the identity; b = 0.
    init(
        _ name: String, input: LayerShape, outputDims: Int, dropout: Double, startsAtRandom: Bool,
        _ layout: inout ParameterLayout, on device: any Device
    ) {
        self.input = input
        output = LayerShape(dims: outputDims, isSequence: input.isSequence, length: input.length)
        let bound = Float((12 / Double(outputDims + input.dims)).squareRoot())
        weight = layout.add(
            "\(name).weight", rows: outputDims, cols: input.dims, startsAtRandom ? .uniform(bound: bound) : .eye)
        bias = layout.add("\(name).bias", rows: 1, cols: outputDims, .zeros)
        u = layout.add("\(name).weight_u", rows: 1, cols: outputDims, .direction, isTrained: false)
        v = layout.add("\(name).weight_v", rows: 1, cols: input.dims, .direction, isTrained: false)
        site = layout.addDropout(dropout)
        effective = device.tensor(rows: outputDims, cols: input.dims)
        sigma = device.tensor(rows: 1, cols: 1)
        product = device.preparedMatrix(inner: input.dims, cols: outputDims)
        backProduct = device.preparedMatrix(inner: outputDims, cols: input.dims)
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        let weight = values.matrix(weight)
        device.spectralNorm(weight, u: values.matrix(u), v: values.matrix(v), iterates: training, into: sigma)
        device.divide(weight, by: sigma, into: effective)
        device.prepare(product, from: effective, transposed: true)
        if training { device.prepare(backProduct, from: effective, transposed: false) }
    }

    /// The columns of x that reach z directly.
    private var passed: Range<Int> { 0..<min(input.dims, output.dims) }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let device = pass.device
        let activation = pass.activations(0, output), z = pass.activations(1, output)
        device.multiply(x, product, into: activation, accumulate: false)
        device.addBias(pass.values.matrix(bias), to: activation)
        site.apply(activation, shape: output, relu: true, pass)
        device.copy(activation, to: z)
        device.add(x.columns(passed), to: z.columns(passed))
        return z
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        let device = pass.device
        let dh = pass.activations(2, output)
        device.copy(g, to: dh)
        device.dropReluBackward(dh, y: pass.activations(0, output), keep: pass.isTraining ? site.keep : 1)
        device.multiply(transposed: dh, x, into: gradient.matrix(weight))
        device.columnSums(dh, into: gradient.matrix(bias))
        guard wantsInput else { return nil }
        let dx = pass.activations(3, input)
        device.multiply(dh, backProduct, into: dx, accumulate: false)
        device.add(g.columns(passed), to: dx.columns(passed))
        return dx
    }

    /// R̄ depends on R also through σ.
    func finish(gradient: LayerGradient, _ values: Tensor, _ step: FinishedStep, on device: any Device) {
        device.spectralNormBackward(
            gradient.matrix(weight), normalised: effective, sigma: sigma, u: values.matrix(u), v: values.matrix(v))
    }
}
