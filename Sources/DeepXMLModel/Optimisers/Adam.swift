import Devices
import Foundation

/// Adam (Kingma & Ba 2015) with torch's constants: β₁ .9, β₂ .999, ε 1e-8.
public enum Adam {
    static let beta1 = 0.9, beta2 = 0.999
    public static let epsilon = 1e-8

    /// Step `step` (from 1) of dense Adam: ε is added after the bias correction of the denominator (torch's `Adam`).
    public static func dense(learningRate: Double, step: Int) -> OptimiserStep {
        let (c1, c2) = corrections(step)
        return numbers(rate: learningRate / c1, inverseRoot: 1 / c2.squareRoot())
    }

    /// Step `step` (from 1) of lazy Adam: only rows with a gradient change, bias correction by the global step, and ε is
    /// added before the correction (torch's `SparseAdam`).
    public static func lazy(learningRate: Double, step: Int) -> OptimiserStep {
        let (c1, c2) = corrections(step)
        return numbers(rate: learningRate * c2.squareRoot() / c1, inverseRoot: 1)
    }

    private static func corrections(_ step: Int) -> (Double, Double) {
        (1 - pow(beta1, Double(step)), 1 - pow(beta2, Double(step)))
    }

    private static func numbers(rate: Double, inverseRoot: Double) -> OptimiserStep {
        OptimiserStep(
            kind: .adam, beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon), rate: Float(rate),
            inverseRoot: Float(inverseRoot))
    }
}
