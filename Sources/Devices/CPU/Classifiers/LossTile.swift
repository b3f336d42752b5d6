import Kernels

/// The logits of a batch for a tile of labels, nearly all of them negative: the loss takes all for negative, and its
/// few positives are put right before and after.
struct LossTile {
    let loss: ClassifierLossKind
    /// batch×|labels|, without the bias.
    let logits: UnsafeMutablePointer<Float>
    let batch: Int
    /// Rows of the shard.
    let labels: Range<Int>
    /// One a label of the tile.
    let bias: UnsafePointer<Float>
    /// (batch row, row of the shard), labels outside the tile among them.
    let positives: ArraySlice<LabelEntry>

    /// Replaces the logits by the gradients of the summed loss times `scale`.
    ///
    /// - Returns: the summed loss.
    func gradientInPlace(scale: Float) -> Double {
        switch loss {
        case .bce: return crossEntropy(scale)
        case .hinge: return margin(scale, squared: false)
        case .squaredHinge: return margin(scale, squared: true)
        }
    }

    /// Calls `body` with each positive's place in `logits` and its label's in the tile.
    @inline(__always)
    private func forEachPositive(_ body: (_ at: Int, _ column: Int) -> Void) {
        for p in positives where labels.contains(Int(p.label)) {
            let column = Int(p.label) - labels.lowerBound
            body(Int(p.row) * labels.count + column, column)
        }
    }

    /// ln(1 + e^(−s)) = ln(1 + e^s) − s, and its slope is that of a negative less 1.
    private func crossEntropy(_ scale: Float) -> Double {
        var sum = 0.0
        forEachPositive { at, column in sum -= Double(logits[at] + bias[column]) }
        sum += dx_sigmoid_tile(logits, batch, labels.count, labels.count, bias, scale)
        forEachPositive { at, _ in logits[at] -= scale }
        return sum
    }

    /// A positive at s is a negative at −s, with the slope turned round.
    private func margin(_ scale: Float, squared: Bool) -> Double {
        forEachPositive { at, column in logits[at] = -(logits[at] + bias[column]) - bias[column] }
        let sum = dx_margin_tile(logits, batch, labels.count, labels.count, bias, scale, squared ? 1 : 0)
        forEachPositive { at, _ in logits[at] = -logits[at] }
        return sum
    }
}
