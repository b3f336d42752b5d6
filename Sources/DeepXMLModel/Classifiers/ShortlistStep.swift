import Devices
import Kernels

/// The shortlist loss: over the (document, label) pairs of the shortlists, sum / B.
///
/// Label-major: a label's row is read once, meets all its documents, and is written back (DESIGN.md §2).
public struct ShortlistStep: Sendable {
    public let classifier: ClassifierShard
    public let loss: ClassifierLossKind

    public init(classifier: ClassifierShard, loss: ClassifierLossKind = .bce) {
        self.classifier = classifier
        self.loss = loss
    }

    /// One leaf: the labels `rows` of the shard.
    ///
    /// - Parameters:
    ///   - pairs: the batch's pairs, grouped by row of the shard.
    ///   - dz: batch×ld, overwritten with this leaf's part of ∂z.
    /// - Returns: the summed loss of this leaf (before the division by B).
    public func run(
        rows: Range<Int>, z: UnsafePointer<Float>, batch: Int, pairs: LabelPairs, adam: OptimiserStep,
        dz: UnsafeMutablePointer<Float>
    ) -> Double {
        dz.update(repeating: 0, count: batch * classifier.ld)
        let (starts, sorted, scale) = (pairs.starts.pointer, pairs.sorted.pointer, 1 / Float(batch))
        let (w, mw, vw) = classifier.weight.hostPointers
        let (bias, mb, vb) = classifier.bias.hostPointers
        switch loss {
        case .bce:
            return dx_shortlist_step(
                rows.lowerBound, rows.upperBound, starts, sorted, z, batch, dz, w, mw, vw, bias, mb, vb, classifier.ld, scale,
                adam.hostNumbers)
        case .hinge, .squaredHinge:
            return dx_shortlist_margin_step(
                rows.lowerBound, rows.upperBound, starts, sorted, z, batch, dz, w, mw, vw, bias, mb, vb, classifier.ld, scale,
                adam.hostNumbers, loss == .squaredHinge ? 1 : 0)
        }
    }
}
