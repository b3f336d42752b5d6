import Support

/// Steps of one-vs-all classifiers, on all labels or on shortlists, and their logits.
public protocol ClassifierOperations {}
