import Devices

/// Dropout, or ReLU and then dropout, of each vector.
final class DropoutLayer: EncoderLayer {
    let output: LayerShape
    private let site: DropoutSite
    private let relu: Bool
    /// Rows without tokens become zeros, whatever biases made of them (with ReLU only).
    private let clearsEmptyRows: Bool

    init(
        shape: LayerShape, probability: Double, relu: Bool, clearsEmptyRows: Bool = false, _ layout: inout ParameterLayout
    ) {
        precondition(relu || !clearsEmptyRows)
        output = shape
        self.relu = relu
        self.clearsEmptyRows = clearsEmptyRows
        site = layout.addDropout(probability)
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        if !relu && !pass.isTraining { return x }
        let y = pass.activations(0, output)
        pass.device.copy(x, to: y)
        site.apply(y, shape: output, relu: relu, pass)
        if clearsEmptyRows {
            for row in 0..<pass.plan.rows where pass.plan.length(row) == 0 { pass.device.fill(y.rows(row..<row + 1), 0) }
        }
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        if relu {
            pass.device.dropReluBackward(g, y: pass.activations(0, output), keep: pass.isTraining ? site.keep : 1)
        } else {
            site.apply(g, shape: output, relu: false, pass)
        }
        return g
    }
}

/// y = f(x), element by element.
final class ActivationLayer: EncoderLayer {
    let output: LayerShape
    private let function: ActivationFunction

    init(_ function: ActivationFunction, shape: LayerShape) {
        output = shape
        self.function = function
    }

    func forward(_ x: Tensor, _ pass: LayerPass) -> Tensor {
        let y = pass.activations(0, output)
        pass.device.activate(x, function, into: y)
        return y
    }

    func backward(_ g: Tensor, x: Tensor, _ pass: LayerPass, gradient: LayerGradient, wantsInput: Bool) -> Tensor? {
        guard wantsInput else { return nil }
        pass.device.activateBackward(g, function, x: x, y: pass.activations(0, output))
        return g
    }
}
