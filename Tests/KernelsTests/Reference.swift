import Foundation
import Kernels

/// One parameter's optimiser in double precision: Adam (Kingma & Ba 2015, algorithm 1), or SGD with momentum as torch
/// documents it; weight decay is added to the gradient.
struct ReferenceOptimiser {
    var p: Double, m: Double, v: Double
    let numbers: dx_adam

    mutating func step(gradient: Double) {
        let (beta1, beta2) = (Double(numbers.beta1), Double(numbers.beta2))
        let g = gradient + Double(numbers.weight_decay) * p
        if numbers.kind == Int32(DX_SGD) {
            m = beta1 * m + g
            p -= Double(numbers.step) * m
            return
        }
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        p -= Double(numbers.step) * m / (v.squareRoot() * Double(numbers.inv_sqrt_bc2) + Double(numbers.eps))
    }
}

func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    return zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}

func sigmoid(_ x: Double) -> Double {
    let t = exp(-abs(x))
    return x >= 0 ? 1 / (1 + t) : t / (1 + t)
}

/// ln(1 + eˣ)
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
