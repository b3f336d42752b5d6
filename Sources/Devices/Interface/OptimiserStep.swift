/// The numbers of one step of an optimiser, as every device applies them to each element w with gradient g and moments m, v.
///
/// `adam`: g += weightDecay·w; m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; w −= rate · m / (√v · inverseRoot + ε)
/// (Kingma & Ba 2015; `rate` and `inverseRoot` hold the bias corrections). `adamW`: w −= weightDecay·w, then Adam's step on g
/// itself (Loshchilov & Hutter 2019; `weightDecay` holds the learning rate). `sgd`: g += weightDecay·w; m = β₁m + g; w −= rate·m.
public struct OptimiserStep: Sendable, Equatable {
    public enum Kind: Sendable { case adam, adamW, sgd }

    public var kind: Kind
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    public var rate: Float
    public var inverseRoot: Float
    public var weightDecay: Float

    public init(
        kind: Kind, beta1: Float, beta2: Float, epsilon: Float, rate: Float, inverseRoot: Float, weightDecay: Float = 0
    ) {
        self.kind = kind
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.rate = rate
        self.inverseRoot = inverseRoot
        self.weightDecay = weightDecay
    }

    /// The step for biases and other vectors, which decoupled decay leaves alone.
    public var forVectors: OptimiserStep {
        var step = self
        if kind == .adamW { step.weightDecay = 0 }
        return step
    }

    /// The step at `factor` times the learning rate.
    public func scaled(by factor: Float) -> OptimiserStep {
        var step = self
        step.rate *= factor
        if kind == .adamW { step.weightDecay *= factor }
        return step
    }
}
