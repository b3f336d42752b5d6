/// The numbers of one step of an optimiser, as every device applies them to each element w with gradient g and moments m, v.
///
/// `adam`: g += weightDecay·w; m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; w −= rate · m / (√v · inverseRoot + ε)
/// (Kingma & Ba 2015; `rate` and `inverseRoot` hold the bias corrections). `sgd`: g += weightDecay·w; m = β₁m + g; w −= rate·m.
public struct OptimiserStep: Sendable, Equatable {
    public enum Kind: Sendable { case adam, sgd }

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
}
