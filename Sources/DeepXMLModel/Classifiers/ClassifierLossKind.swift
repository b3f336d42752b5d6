/// What a classifier's logits s are trained on, y = ±1 the target of a (document, label) entry.
public enum ClassifierLossKind: String, Sendable, CaseIterable {
    /// Binary cross-entropy: ln(1 + e^(−y·s)).
    case bce = "BCE"
    /// max(0, 1 − y·s); its slope at the corner is 0.
    case hinge
    /// max(0, 1 − y·s)².
    case squaredHinge = "squared hinge"
}
