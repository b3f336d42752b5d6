import Kernels

// Bridge: what code that is not yet behind the device reaches the CPU's memory by. It goes when classifiers and encoders have.

extension Tensor {
    package var hostPointer: UnsafeMutablePointer<Float> { pointer }
    package func hostRow(_ row: Int) -> UnsafeMutablePointer<Float> { self.row(row) }
}

extension Parameter {
    package var hostPointers: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
        (value.pointer, firstMoment.pointer, secondMoment.pointer)
    }

    package func update(_ range: Range<Int>, gradient: UnsafePointer<Float>, _ step: OptimiserStep) {
        dx_adam_update(
            value.pointer + range.lowerBound, firstMoment.pointer + range.lowerBound, secondMoment.pointer + range.lowerBound,
            gradient, range.count, step.kernel)
    }
}

extension OptimiserStep {
    package var hostNumbers: dx_adam { kernel }
}

extension RandomStream {
    package var hostStream: dx_stream { kernel }
}
