import Devices
import Foundation
import Kernels
import Support

/// The one-vs-all classifiers of some neighbouring labels: W (labels×ld), bias, and their moments.
public final class ClassifierShard: Sendable {
    /// Which labels are here.
    public let labels: Range<Int>
    public let dims: Int
    /// W: |labels|×ld, rows padded with zeros.
    public let weight: Parameter
    /// |labels|×1; zeros where the classifier has none.
    public let bias: Parameter
    private let hasBias: Bool
    public var ld: Int { weight.value.cols }
    let device: any Device

    /// W, bias ~ U(−1/√D, 1/√D), each label's numbers drawn by its id.
    ///
    /// - Parameter hasBias: false: the bias stays 0.
    public init(labels: Range<Int>, dims: Int, hasBias: Bool = true, _ streams: RandomStreams, on device: any Device) {
        self.device = device
        self.labels = labels
        self.hasBias = hasBias
        self.dims = dims
        weight = Parameter(rows: labels.count, cols: paddedWidth(dims), on: device)
        bias = Parameter(rows: labels.count, cols: 1, on: device)
        let bound = Float(1 / Double(dims).squareRoot())
        for (row, label) in labels.enumerated() {
            streams.fillUniform(
                weight.value.hostRow(row), count: dims, row: label, firstColumn: 0, bound: bound, purpose: .classifierInit)
            guard hasBias else { continue }
            streams.fillUniform(
                bias.value.hostRow(row), count: 1, row: label, firstColumn: paddedWidth(dims), bound: bound,
                purpose: .classifierInit)
        }
    }

    /// After a step on the rows `rows`: steps always move the bias, which costs less than asking.
    public func finishStep(rows: Range<Int>) {
        if !hasBias { (bias.value.hostPointer + rows.lowerBound).update(repeating: 0, count: rows.count) }
    }

    /// Starts each bias at its label's prior: log(n/N), n of N documents have it.
    ///
    /// One-vs-all on thousands of labels otherwise spends its first epochs on bringing every logit down from 0, by at most a
    /// learning rate a step (Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, §3.3, for the idea).
    ///
    /// - Parameter truth: N×L, binary: all labels, of which this shard has some.
    public func setBias(prior truth: CSRMatrix) {
        guard hasBias else { return }
        var counts = [Int](repeating: 0, count: labels.count)
        for label in truth.indices.array where labels.contains(Int(label)) { counts[Int(label) - labels.lowerBound] += 1 }
        for (row, count) in counts.enumerated() {
            bias.value.hostPointer[row] = Float(log(Double(max(1, count)) / Double(max(1, truth.rows))))
        }
    }

    /// Raises each bias by weight·log(1/p): logits then rank labels as if frequent ones were seen less often (Menon et al.,
    /// "Long-tail learning via logit adjustment", ICLR 2021, post hoc; p: Jain, Prabhu & Varma, KDD 2016).
    ///
    /// - Parameter inversePropensity: 1/p of all labels, of which this shard has some.
    public func favourRareLabels(weight: Double, inversePropensity: [Double]) {
        guard hasBias else { return }
        for (row, label) in labels.enumerated() { bias.value.hostPointer[row] += Float(weight * log(inversePropensity[label])) }
    }

    /// logits[i] = w·z + b for labels given by their row here.
    public func logits(
        _ z: UnsafePointer<Float>, rows: UnsafeBufferPointer<Int32>, into logits: UnsafeMutablePointer<Float>
    ) {
        guard let first = rows.baseAddress else { return }
        dx_pair_logits(z, weight.value.hostPointer, bias.value.hostPointer, first, rows.count, ld, logits)
    }
}
