import Kernels

/// Batch normalisation over the vectors of a block (Ioffe & Szegedy 2015): "ghost batch norm" of Hoffer et al. 2017, which
/// needs no message between ranks, and whose result doesn't depend on their number.
///
/// At prediction it takes the running mean and variance, which move by `momentum` a step towards the mean over the step's
/// blocks, each as heavy as its vectors are many.
final class BatchNormLayer: EncoderLayer {
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
    private enum Memory { static let standard = 0, result = 1, mean = 2, squares = 3, inverse = 4, products = 5 }

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let count = pass.count(output), ld = output.ld, dims = output.dims, values = pass.values
        let standard = pass.tape.floats(Memory.standard, count * ld), result = pass.tape.floats(Memory.result, count * ld)
        if count == 0 { return UnsafePointer(result) }
        let inverse = pass.tape.floats(Memory.inverse, dims)
        var center = values + mean.range.lowerBound
        if pass.isTraining {
            let mean = pass.tape.floats(Memory.mean, dims), squares = pass.tape.floats(Memory.squares, dims)
            dx_column_moments(x, count, dims, ld, mean, squares)
            for c in 0..<dims { inverse[c] = 1 / (squares[c] / Float(count) + eps).squareRoot() }
            center = UnsafePointer(mean)
        } else {
            for c in 0..<dims { inverse[c] = 1 / (values[variance.range.lowerBound + c] + eps).squareRoot() }
        }
        dx_standardise(x, count, dims, ld, center, inverse, standard)
        dx_scale_shift(standard, count, dims, ld, values + weight.range.lowerBound, values + bias.range.lowerBound, result)
        return UnsafePointer(result)
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        let count = pass.count(output), ld = output.ld, dims = output.dims
        if count == 0 { return wantsInput ? g : nil }
        let standard = pass.tape.floats(Memory.standard, count * ld)
        let dWeight = gradient + weight.range.lowerBound, dBias = gradient + bias.range.lowerBound
        dx_column_sums(g, count, dims, ld, dBias)
        dx_column_products(g, standard, count, dims, ld, dWeight)
        leaveStatistics(count, pass, in: gradient)
        guard wantsInput else { return nil }
        dx_batch_norm_backward(
            g, standard, count, dims, ld, pass.values + weight.range.lowerBound, pass.tape.floats(Memory.inverse, dims), dBias,
            dWeight)
        return g
    }

    /// count · mean and the sum of squares around it go where these parameters' gradient would stand.
    private func leaveStatistics(_ count: Int, _ pass: LayerPass, in gradient: UnsafeMutablePointer<Float>) {
        guard pass.isTraining else { return }
        let center = pass.tape.floats(Memory.mean, output.dims), squares = pass.tape.floats(Memory.squares, output.dims)
        for c in 0..<output.dims {
            gradient[mean.range.lowerBound + c] = Float(count) * center[c]
            gradient[variance.range.lowerBound + c] = squares[c]
        }
        gradient[pass.parameterCount + statistic] = Float(count)
    }

    /// The variance is the unbiased one, as torch's running variance: over all blocks, squares/(vectors − blocks).
    func finish(gradient: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>, _ step: FinishedStep) {
        let count = gradient[step.parameterCount + statistic], freedom = count - Float(step.blocks)
        guard count > 0 else { return }
        for c in 0..<output.dims {
            let center = mean.range.lowerBound + c, spread = variance.range.lowerBound + c
            values[center] += momentum * (gradient[center] / count - values[center])
            if freedom > 0 { values[spread] += momentum * (gradient[spread] / freedom - values[spread]) }
        }
    }
}
