import Devices
import Foundation
import Support

extension ClassifierShard {
    /// W, bias ~ U(−1/√D, 1/√D), each label's numbers drawn by its id.
    ///
    /// - Parameter hasBias: false: the bias stays 0.
    public convenience init(
        labels: Range<Int>, dims: Int, hasBias: Bool = true, _ streams: RandomStreams, on device: any Device
    ) {
        self.init(labels: labels, dims: dims, hasBias: hasBias, on: device)
        let bound = Float(1 / Double(dims).squareRoot()), stream = streams.stream(.classifierInit, step: 0)
        device.fillUniform(
            weight.value.columns(0..<dims), stream, firstRow: labels.lowerBound, firstColumn: 0, bound: bound)
        guard hasBias else { return }
        device.fillUniform(bias.value, stream, firstRow: labels.lowerBound, firstColumn: ld, bound: bound)
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
        for label in truth.indices.all where labels.contains(Int(label)) { counts[Int(label) - labels.lowerBound] += 1 }
        device.withHost(bias.value, .write) { biases in
            for (row, count) in counts.enumerated() {
                biases[row] = Float(log(Double(max(1, count)) / Double(max(1, truth.rows))))
            }
        }
    }

    /// Logit adjustment: raises each bias by weight·log(1/p). Logits then rank labels as if frequent ones were seen less often
    /// (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, post hoc; p: Jain, Prabhu & Varma, KDD 2016).
    ///
    /// - Parameter inversePropensity: 1/p of all labels, of which this shard has some.
    public func adjustLogits(weight: Double, inversePropensity: [Double]) {
        guard hasBias else { return }
        device.withHost(bias.value, .readWrite) { biases in
            for (row, label) in labels.enumerated() { biases[row] += Float(weight * log(inversePropensity[label])) }
        }
    }
}
