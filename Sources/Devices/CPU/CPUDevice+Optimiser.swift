import Kernels

extension CPUDevice {
    public func update(_ parameter: Parameter, _ range: Range<Int>, gradient: Tensor, _ step: OptimiserStep) {
        precondition(gradient.rows * gradient.cols == range.count && gradient.isContiguous)
        dx_adam_update(
            parameter.value.pointer + range.lowerBound, parameter.firstMoment.pointer + range.lowerBound,
            parameter.secondMoment.pointer + range.lowerBound, gradient.pointer, range.count, step.kernel)
    }
}

extension OptimiserStep {
    /// As the kernels take it.
    var kernel: dx_adam {
        dx_adam(
            beta1: beta1, beta2: beta2, eps: epsilon, step: rate, inv_sqrt_bc2: inverseRoot, weight_decay: weightDecay,
            kind: Int32(kernelKind))
    }

    private var kernelKind: Int {
        switch kind {
        case .adam: Int(DX_ADAM)
        case .adamW: Int(DX_ADAMW)
        case .sgd: Int(DX_SGD)
        }
    }
}

extension RandomStream {
    var kernel: dx_stream { dx_stream(key0: key0, key1: key1, purpose: purpose, moment: step) }
}
