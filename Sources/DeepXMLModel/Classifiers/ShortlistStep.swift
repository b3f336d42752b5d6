import Buffers
import Kernels

/// The shortlist loss: binary cross-entropy over the (document, label) pairs of the shortlists, sum / B.
///
/// Label-major: a label's row is read once, meets all its documents, and is written back (DESIGN.md §2).
public struct ShortlistStep: Sendable {
    public let classifier: ClassifierShard

    public init(classifier: ClassifierShard) { self.classifier = classifier }

    /// One leaf: the labels `rows` of the shard.
    ///
    /// - Parameters:
    ///   - pairs: the batch's pairs, grouped by row of the shard.
    ///   - dz: batch×ld, overwritten with this leaf's part of ∂z.
    /// - Returns: the summed loss of this leaf (before the division by B).
    public func run(
        rows: Range<Int>, z: UnsafePointer<Float>, batch: Int, pairs: LabelPairs, adam: dx_adam,
        dz: UnsafeMutablePointer<Float>
    ) -> Double {
        dz.update(repeating: 0, count: batch * classifier.ld)
        return dx_shortlist_step(
            rows.lowerBound, rows.upperBound, pairs.starts.pointer, pairs.sorted.pointer, z, batch, dz,
            classifier.weight.value.pointer, classifier.weight.firstMoment.pointer, classifier.weight.secondMoment.pointer,
            classifier.bias.value.pointer, classifier.bias.firstMoment.pointer, classifier.bias.secondMoment.pointer,
            classifier.ld, 1 / Float(batch), adam)
    }
}
