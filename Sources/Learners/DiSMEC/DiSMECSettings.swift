import Config
import Devices

/// Section `dismec` of a config.
package struct DiSMECSettings: FrameworkSection {
    /// C: the weight of the squared hinge loss beside ½|w|².
    package var cost = 1.0
    /// How far a label is solved: its gradient falls to epsilon · min(positives, negatives) ÷ N of what it is at 0.
    package var epsilon = 0.01
    /// Weights up to this size are dropped (Δ).
    package var delta = 0.01
    /// The value of the feature that every document has; 0: no biases.
    package var biasFeature = 1.0
    /// Labels that are trained and stored as one; −1: by the number of labels.
    package var blockSize = -1

    package init() {}

    package static let section = ConfigSection(rawValue: "dismec")
    package static let keys: [ConfigKey<DiSMECSettings>] = [
        .number("C", \.cost, above: 0, to: 1e6).meaning("weight of the loss beside the regulariser"),
        .number("epsilon", \.epsilon, above: 0, to: 1).meaning("what may be left of a label's gradient"),
        .number("delta", \.delta, to: 1e6).meaning("weights up to this size are dropped"),
        .number("bias_feature", \.biasFeature, to: 1e6).meaning("a feature that all documents have; 0: no biases"),
        .integer("block_size", \.blockSize, 1...100_000_000, orMinusOne: "chosen by the number of labels")
            .meaning("labels that are trained and stored as one"),
    ]

    /// As a device takes them.
    var solver: LinearSettings {
        LinearSettings(cost: cost, biasFeature: biasFeature, accuracy: epsilon, threshold: Float(delta))
    }
}
