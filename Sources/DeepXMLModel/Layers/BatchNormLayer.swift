import Devices

/// Batch normalisation over the vectors of a block (Ioffe & Szegedy 2015): "ghost batch norm" of Hoffer et al. 2017, which
/// needs no message between ranks, and whose result doesn't depend on their number.
///
/// At prediction it takes the running mean and variance, which move by `momentum` a step towards the mean over the step's
/// blocks, each as heavy as its vectors are many.
final class BatchNormLayer: EncoderLayer {
    let finishesGradient = true
    let output: LayerShape
    private let weight: ParameterSlot, bias: ParameterSlot, mean: ParameterSlot, variance: ParameterSlot
    /// Its place among the floats for statistics, which hold the number of vectors.
    private let statistic: Int
    private let momentum: Float, eps: Float

    init(_ name: String, shape: LayerShape, momentum: Double, eps: Double, _ layout: inout ParameterLayout) {
        output = shape
        self.momentum = Float(momentum)
        self.eps = Float(eps)
        weight = layout.add("\(name).weight", rows: 1, cols: shape.dims, .ones)
        bias = layout.add("\(name).bias", rows: 1, cols: shape.dims, .zeros)
        mean = layout.add("\(name).running_mean", rows: 1, cols: shape.dims, .zeros, isTrained: false)
        variance = layout.add("\(name).running_var", rows: 1, cols: shape.dims, .ones, isTrained: false)
        statistic = layout.addStatistic()
    }

    /// Numbers of this layer's memory.
    private enum Memory { static let standard = 0, result = 1, mean = 2, squares = 3, inverse = 4 }

    private func row(_ number: Int, _ pass: LayerPass) -> Tensor { pass.tape.tensor(number, rows: 1, dims: output.dims) }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let device = pass.device, values = pass.values
        let standard = pass.activations(Memory.standard, output), y = pass.activations(Memory.result, output)
        if x.rows == 0 { return y }
        let inverse = row(Memory.inverse, pass)
        var center = values.matrix(mean)
        if pass.isTraining {
            center = row(Memory.mean, pass)
            let squares = row(Memory.squares, pass)
            device.columnMoments(x, mean: center, squares: squares)
            device.inverseDeviation(squares: squares, count: x.rows, eps: eps, into: inverse)
        } else {
            device.inverseDeviation(squares: values.matrix(variance), count: 1, eps: eps, into: inverse)
        }
        device.batchNorm(
            x, mean: center, inverse: inverse, weight: values.matrix(weight), bias: values.matrix(bias), standard: standard,
            into: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        if g.rows == 0 { return wantsInput ? g : nil }
        let device = pass.device, standard = pass.activations(Memory.standard, output)
        let dWeight = gradient.matrix(weight), dBias = gradient.matrix(bias)
        device.columnSums(g, into: dBias)
        device.columnProducts(g, standard, into: dWeight)
        leaveStatistics(g.rows, pass, in: gradient)
        guard wantsInput else { return nil }
        device.batchNormBackward(
            g, standard: standard, weight: pass.values.matrix(weight), inverse: row(Memory.inverse, pass), gradientSums: dBias,
            gradientProducts: dWeight)
        return g
    }

    /// count · mean and the sum of squares around it go where these parameters' gradient would stand.
    private func leaveStatistics(_ count: Int, _ pass: LayerPass, in gradient: LayerGradient) {
        guard pass.isTraining else { return }
        pass.device.scale(row(Memory.mean, pass), by: Float(count), into: gradient.matrix(mean))
        pass.device.copy(row(Memory.squares, pass), to: gradient.matrix(variance))
        pass.device.fill(vectors(in: gradient, pass.parameterCount), Float(count))
    }

    private func vectors(in gradient: LayerGradient, _ parameters: Int) -> Tensor {
        gradient.flat(parameters + statistic..<parameters + statistic + 1)
    }

    /// The variance is the unbiased one, as torch's running variance: over all blocks, squares/(vectors − blocks).
    func finish(gradient: LayerGradient, _ values: Tensor, _ step: FinishedStep, on device: any Device) {
        device.moveRunningStatistics(
            mean: values.matrix(mean), variance: values.matrix(variance), sums: gradient.matrix(mean),
            squares: gradient.matrix(variance), count: vectors(in: gradient, step.parameterCount), blocks: step.blocks,
            momentum: momentum)
    }
}
