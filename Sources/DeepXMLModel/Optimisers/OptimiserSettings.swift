import Devices

/// Which optimiser a network is trained with: makes the numbers of each step.
///
/// Weight decay is torch's: of Adam and SGD the L2 term, weight_decay · w added to the gradient; of AdamW a decay of its own,
/// w −= lr · weight_decay · w. With a lazy step it reaches only the rows that got a gradient, as all of the step does.
public struct OptimiserSettings: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case adam = "Adam"
        case adamW = "AdamW"
        /// Stochastic gradient descent with momentum μ, as torch's: buffer = μ · buffer + g; w −= lr · buffer.
        case sgd = "SGD"
    }

    public var kind: Kind
    /// SGD's μ; Adam has its own constants.
    public var momentum: Double
    public var weightDecay: Double
    /// What every learning rate is multiplied by.
    public var rateFactor: Double
    /// What the rate of parameters of which only some rows change is multiplied by besides.
    public var tokenRate = 1.0
    /// Adam's ε.
    public var epsilon: Double
    /// Of a transformer's layers, each below the last learns at this share of the rate of the one above.
    public var layerDecay = 1.0
    /// The gradient of an encoder's layers is scaled down to this norm where its own is larger; nil: it is left.
    public var clipNorm: Double?

    public init(
        kind: Kind = .adam, momentum: Double = 0.9, weightDecay: Double = 0, rateFactor: Double = 1,
        epsilon: Double = Adam.epsilon
    ) {
        self.kind = kind
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.rateFactor = rateFactor
        self.epsilon = epsilon
    }

    /// Step `step` (from 1) on parameters that change as a whole.
    public func dense(learningRate: Double, step: Int) -> OptimiserStep {
        let rate = learningRate * rateFactor
        return numbers(rate, Adam.dense(learningRate: rate, step: step))
    }

    /// Step `step` (from 1) on parameters of which only the rows with a gradient change.
    public func lazy(learningRate: Double, step: Int) -> OptimiserStep {
        let rate = learningRate * rateFactor * tokenRate
        return numbers(rate, Adam.lazy(learningRate: rate, step: step))
    }

    private func numbers(_ learningRate: Double, _ adam: OptimiserStep) -> OptimiserStep {
        var numbers = adam
        numbers.weightDecay = Float(weightDecay)
        numbers.epsilon = Float(epsilon)
        switch kind {
        case .adam: break
        case .adamW:
            numbers.kind = .adamW
            numbers.weightDecay = Float(learningRate * weightDecay)
        case .sgd:
            numbers.kind = .sgd
            numbers.beta1 = Float(momentum)
            numbers.rate = Float(learningRate)
        }
        return numbers
    }
}
