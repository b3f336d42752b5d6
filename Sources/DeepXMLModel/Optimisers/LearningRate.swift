/// The learning rate by epoch: multiplied by `factor` before each epoch e > 0 with e mod `interval` = 0.
public struct LearningRate: Sendable {
    public var initial: Double
    public var factor: Double
    /// −1: constant.
    public var interval: Int

    public init(initial: Double, factor: Double, interval: Int) {
        self.initial = initial
        self.factor = factor
        self.interval = interval
    }

    public func at(epoch: Int) -> Double {
        guard interval > 0 else { return initial }
        return (0..<(epoch / interval)).reduce(initial) { rate, _ in rate * factor }
    }
}
