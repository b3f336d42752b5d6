/// The learning rate of each step of a module.
public struct LearningRate: Sendable {
    public enum Schedule: Sendable, Equatable {
        /// Multiplied by `factor` before each epoch e > 0 with e mod `interval` = 0; interval −1: constant.
        case step(factor: Double, interval: Int)
        /// Falls with every step, by the same amount, to 0 after the last; before that it rises for the share `warmup` of all
        /// steps.
        case linear(warmup: Double = 0)
    }

    public var initial: Double
    public var schedule: Schedule
    /// Of the module.
    public var epochs: Int
    public var stepsPerEpoch: Int

    public init(initial: Double, schedule: Schedule, epochs: Int, stepsPerEpoch: Int) {
        self.initial = initial
        self.schedule = schedule
        self.epochs = epochs
        self.stepsPerEpoch = stepsPerEpoch
    }

    /// - Parameter step: number of the step in its module, from 0.
    public func at(step: Int) -> Double {
        switch schedule {
        case .step(let factor, let interval):
            guard interval > 0 else { return initial }
            return (0..<(step / stepsPerEpoch / interval)).reduce(initial) { rate, _ in rate * factor }
        case .linear(let warmup):
            let steps = epochs * stepsPerEpoch, rising = Int(warmup * Double(steps))
            if step < rising { return initial * Double(step + 1) / Double(rising) }
            return initial * (1 - Double(step - rising) / Double(steps - rising))
        }
    }
}
