import Config
import Devices
import Foundation

/// Section `sparse_slice` of a config.
package struct SparseSliceSettings: FrameworkSection {
    /// Labels listed a document at prediction, and scored.
    package var numNbrs = 200
    /// Labels listed a training document: those that it doesn't have are trained against it.
    package var numNegatives = 80
    /// Labels kept of a feature in the index of means: those with the largest weights.
    package var postings = 500
    /// Entries of a unit mean up to this size are dropped.
    package var meanThreshold = 0.02
    /// A label's similarities are multiplied by its number of training documents to this power, to be listed.
    package var frequencyPower = 0.2
    /// C: the weight of the squared hinge loss beside ½|w|².
    package var cost = 1.0
    package var biasFeature = 1.0
    package var tolerance = 0.1
    package var maxPasses = 20
    /// Weights up to this size are dropped (Δ).
    package var delta = 0.08
    /// What a classifier's score is multiplied by before its logistic function.
    package var scoreScale = 2.5
    /// Exponents of the similarity and of the label's share of documents beside the classifier's probability.
    package var similarityWeight = 1.0
    package var frequencyWeight = 0.2
    /// Labels that are trained and stored as one; −1: by the number of labels.
    package var blockSize = -1

    package init() {}

    package static let section = ConfigSection(rawValue: "sparse_slice")
    package static let keys: [ConfigKey<SparseSliceSettings>] = [
        .integer("num_nbrs", \.numNbrs, 1...1_000_000).meaning("labels listed and scored a document"),
        .integer("num_negatives", \.numNegatives, 1...1_000_000).meaning("labels listed a training document"),
        .integer("postings", \.postings, 1...100_000_000).meaning("labels kept of a feature in the index of label means"),
        .number("mean_threshold", \.meanThreshold, to: 1).meaning("entries of a unit mean up to this size are dropped"),
        .number("frequency_power", \.frequencyPower, to: 4).meaning("how much frequent labels are preferred in lists"),
        .number("C", \.cost, above: 0, to: 1e6).meaning("weight of the loss beside the regulariser"),
        .number("bias_feature", \.biasFeature, to: 1e6).meaning("a feature that all documents have; 0: no biases"),
        .number("tolerance", \.tolerance, above: 0, to: 10).meaning("spread of projected gradients at which a label is done"),
        .integer("max_passes", \.maxPasses, 1...1_000_000).meaning("most passes over a label's documents"),
        .number("delta", \.delta, to: 1e6).meaning("weights up to this size are dropped"),
        .number("score_scale", \.scoreScale, above: 0, to: 1e6).meaning("scale of a classifier's score"),
        .number("similarity_weight", \.similarityWeight, to: 1e6).meaning("exponent of the similarity to a label's mean"),
        .number("frequency_weight", \.frequencyWeight, to: 1e6).meaning("exponent of a label's share of documents"),
        .integer("block_size", \.blockSize, 1...100_000_000, orMinusOne: "chosen by the number of labels")
            .meaning("labels that are trained and stored as one"),
    ]

    /// As a device takes them.
    var solver: DualLinearSettings {
        DualLinearSettings(
            cost: cost, biasFeature: biasFeature, tolerance: tolerance, maxPasses: maxPasses, threshold: Float(delta))
    }

    /// Labels listed of L: no more than there are.
    func listed(labels: Int) -> Int { min(numNbrs, max(labels, 1)) }
    func negatives(labels: Int) -> Int { min(numNegatives, max(labels, 1)) }

    /// Labels of a block of L labels: training a thousand takes about a second.
    func blockSize(labels: Int) -> Int { blockSize > 0 ? blockSize : max(1024, (labels + 127) / 128) }
}
