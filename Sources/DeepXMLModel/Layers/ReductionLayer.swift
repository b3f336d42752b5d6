import Devices

/// The weighted sum or mean of a row's token vectors (WSDM 2021, eq. 2; `reduction` of the original's `astec`).
///
/// The mean is over the row's own tokens; the original divides by the longest row of the batch, padding and all.
final class ReductionLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let isMean: Bool

    init(input: LayerShape, isMean: Bool) {
        self.input = input
        output = LayerShape(dims: input.dims, isSequence: false)
        self.isMean = isMean
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(0, output)
        pass.device.reduce(x, starts: pass.plan.starts, weights: pass.plan.weights, isMean: isMean, into: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        let dx = pass.activations(1, input)
        pass.device.reduceBackward(g, starts: pass.plan.starts, weights: pass.plan.weights, isMean: isMean, into: dx)
        return dx
    }
}
