import Devices

/// y = x Wᵀ + b, W of out×in, on each vector (torch's `Linear`).
final class LinearLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let weight: ParameterSlot, bias: ParameterSlot?
    private let product: PreparedMatrix, backProduct: PreparedMatrix

    /// Kaiming-uniform with a = √5 as torch: W, b ~ U(−1/√in, 1/√in).
    init(
        _ name: String, input: LayerShape, outputDims: Int, hasBias: Bool, _ layout: inout ParameterLayout,
        on device: any Device
    ) {
        self.input = input
        output = LayerShape(dims: outputDims, isSequence: input.isSequence, length: input.length)
        let start = ParameterLayout.Start.uniform(bound: 1 / Float(input.dims).squareRoot())
        weight = layout.add("\(name).weight", rows: outputDims, cols: input.dims, start)
        bias = hasBias ? layout.add("\(name).bias", rows: 1, cols: outputDims, start) : nil
        product = device.preparedMatrix(inner: input.dims, cols: outputDims)
        backProduct = device.preparedMatrix(inner: outputDims, cols: input.dims)
    }

    func prepare(_ values: Tensor, training: Bool, on device: any Device) {
        device.prepare(product, from: values.matrix(weight), transposed: true)
        if training { device.prepare(backProduct, from: values.matrix(weight), transposed: false) }
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(0, output)
        pass.device.multiply(x, product, into: y, accumulate: false)
        if let bias { pass.device.addBias(pass.values.matrix(bias), to: y) }
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        pass.device.multiply(transposed: g, x, into: gradient.matrix(weight))
        if let bias { pass.device.columnSums(g, into: gradient.matrix(bias)) }
        guard wantsInput else { return nil }
        let dx = pass.activations(1, input)
        pass.device.multiply(g, backProduct, into: dx, accumulate: false)
        return dx
    }
}
