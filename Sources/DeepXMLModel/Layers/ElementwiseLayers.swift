import Kernels

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

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        if !relu && !pass.isTraining { return x }
        let size = pass.count(output) * output.ld
        let y = pass.tape.floats(0, size)
        y.update(from: x, count: size)
        site.apply(y, shape: output, relu: relu, pass)
        if clearsEmptyRows {
            for row in 0..<pass.plan.rows where pass.plan.length(row) == 0 {
                (y + row * output.ld).update(repeating: 0, count: output.dims)
            }
        }
        return UnsafePointer(y)
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        guard wantsInput else { return nil }
        if relu {
            let size = pass.count(output) * output.ld
            dx_relu_dropout_backward(g, pass.tape.floats(0, size), size, pass.isTraining ? site.keep : 1)
        } else {
            site.apply(g, shape: output, relu: false, pass)
        }
        return g
    }
}

/// An element-wise function.
final class ActivationLayer: EncoderLayer {
    enum Function: String, CaseIterable, Sendable {
        case relu, sigmoid, tanh
        /// x Φ(x), exact (Hendrycks & Gimpel 2016).
        case gelu

        fileprivate var number: Int32 {
            switch self {
            case .relu: Int32(DX_RELU)
            case .sigmoid: Int32(DX_SIGMOID)
            case .tanh: Int32(DX_TANH)
            case .gelu: Int32(DX_GELU)
            }
        }
    }

    let output: LayerShape
    private let function: Function

    init(_ function: Function, shape: LayerShape) {
        output = shape
        self.function = function
    }

    func forward(_ x: UnsafePointer<Float>, _ pass: LayerPass) -> UnsafePointer<Float> {
        let count = pass.count(output)
        let y = pass.tape.floats(0, count * output.ld)
        for row in 0..<count { dx_activation(function.number, x + row * output.ld, y + row * output.ld, output.dims) }
        return UnsafePointer(y)
    }

    func backward(
        _ g: UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, _ pass: LayerPass, gradient: UnsafeMutablePointer<Float>,
        wantsInput: Bool
    ) -> UnsafeMutablePointer<Float>? {
        guard wantsInput else { return nil }
        let count = pass.count(output)
        let y = pass.tape.floats(0, count * output.ld)
        for row in 0..<count {
            let at = row * output.ld
            dx_activation_backward(function.number, g + at, x + at, y + at, output.dims)
        }
        return g
    }
}
