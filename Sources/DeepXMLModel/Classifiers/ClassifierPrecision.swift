/// The numbers that a one-vs-all step multiplies. Sums, W, and its moments are of 32 bits either way.
public enum ClassifierPrecision: String, Sendable, CaseIterable {
    case float32
    /// z, W and the logits' gradients are rounded to 8 bits of mantissa on their way into a product.
    case bfloat16
}
