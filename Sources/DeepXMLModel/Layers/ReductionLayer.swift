import Kernels

/// The weighted sum or mean of a row's token vectors (WSDM 2021, eq. 2; `reduction` of the original's `astec`).
///
/// The mean is over the row's own tokens; the original divides by the longest row of the batch, padding and all.
final class ReductionLayer: EncoderLayer {
    let input: LayerShape, output: LayerShape
    private let mean: Int32

    init(input: LayerShape, isMean: Bool) {
        self.input = input
        output = LayerShape(dims: input.dims, isSequence: false)
        mean = isMean ? 1 : 0
    }

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let y = pass.tape.floats(0, pass.plan.rows * output.ld)
        dx_reduce_tokens(
            x, input.ld, pass.plan.starts, pass.plan.rows, pass.plan.weights, mean, input.dims, y, output.ld)
        return UnsafePointer(y)
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        guard wantsInput else { return nil }
        let dx = pass.tape.floats(1, pass.plan.tokens * input.ld)
        dx_reduce_tokens_backward(
            g, output.ld, pass.plan.starts, pass.plan.rows, pass.plan.weights, mean, input.dims, dx, input.ld)
        return dx
    }
}
