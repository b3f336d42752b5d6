import Support

/// Linear classifiers on dense document vectors, and these vectors (Slice: Jain et al., WSDM 2019).
public protocol DenseLinearOperations {
    /// out(|rows|×D) = Σ_t x_t E_t, the bag of token embeddings of each of the documents `rows`.
    ///
    /// - Parameters:
    ///   - features: N×V, with values.
    ///   - table: E, V×D, without padding; nil: a document's features are its vector (D = V).
    ///   - out: |rows|×D; its padding stays as it is.
    func documentVectors(_ features: CSRMatrix, rows: Range<Int>, table: Tensor?, into out: Tensor)

    /// The unit mean of the documents of each of some labels; zeros for a label without any.
    ///
    /// - Parameters:
    ///   - documents: N×D, padded.
    ///   - members: L×N, the documents of each label.
    ///   - labels: for which rows of `members`.
    ///   - out: |labels|×D, padded.
    func unitMeans(_ documents: Tensor, members: CSRMatrix, labels: Range<Int>, into out: Tensor)

    /// Trains a classifier for each label of `examples` from zero: min over w, b of ½(w·w + b²) + cost · Σ max(0, 1 − y(w·x + b·bias))².
    ///
    /// The result for a label depends on its own examples alone, not on the labels beside it or the number of threads.
    ///
    /// - Parameters:
    ///   - documents: N×D, padded with zeros.
    ///   - places: the row of `weights` and `biases` that each label's classifier goes to; distinct.
    ///   - weights: M×D, padded with zeros.
    ///   - biases: M×1: what is added to a score, b·bias.
    /// - Returns: how the solver fared.
    func trainLinear(
        _ documents: Tensor, _ examples: LabelExamples, _ settings: DenseLinearSettings, places: [Int], weights: Tensor,
        biases: Tensor
    ) -> DenseLinearOutcome

    /// The scores w·x + b of the pairs of documents and labels that `pairs` holds in its rows `rows`, in their order.
    ///
    /// - Parameters:
    ///   - pairs: documents × labels.
    ///   - documents: a row of D numbers for each of the rows `rows`, padded with zeros.
    ///   - firstLabel: the label of the first row of `weights` and `biases`.
    func linearScores(
        _ pairs: CSRMatrix, rows: Range<Int>, documents: Tensor, firstLabel: Int, weights: Tensor, biases: Tensor
    ) -> Buffer<Float>
}

/// What the classifiers of some labels are learned from: label i has the documents `starts[i] ..< starts[i+1]`, ascending.
public struct LabelExamples: Sendable {
    /// labels + 1 offsets.
    public let starts: Buffer<Int64>
    public let documents: Buffer<Int32>
    /// 1 beside a document that has the label, 0 beside a negative.
    public let isPositive: Buffer<UInt8>

    public init(starts: Buffer<Int64>, documents: Buffer<Int32>, isPositive: Buffer<UInt8>) {
        precondition(starts.count > 0 && documents.count == isPositive.count)
        self.starts = starts
        self.documents = documents
        self.isPositive = isPositive
    }

    public var labels: Int { starts.count - 1 }

    /// The examples of label i.
    public func range(_ label: Int) -> Range<Int> { Int(starts[label])..<Int(starts[label + 1]) }
}

/// How a label's classifier is solved for (L2-regularised squared hinge loss).
public struct DenseLinearSettings: Sendable, Equatable {
    /// C: the weight of the loss.
    public var cost: Double
    /// The value of a feature that all documents have; 0: no bias.
    public var bias: Double
    /// Done when |gradient| ≤ eps · min(positives, negatives) / examples · |gradient at 0| (LIBLINEAR's rule).
    public var eps: Double
    /// The most products with the Hessian.
    public var maxProducts: Int

    public init(cost: Double, bias: Double, eps: Double, maxProducts: Int) {
        self.cost = cost
        self.bias = bias
        self.eps = eps
        self.maxProducts = maxProducts
    }
}

/// How the solver fared on some labels.
public struct DenseLinearOutcome: Sendable, Equatable {
    public var labels: Int
    /// Labels whose gradient was still above its tolerance after the last product allowed.
    public var unsolved: Int
    /// Products with the Hessian, of all labels.
    public var products: Int

    public init(labels: Int = 0, unsolved: Int = 0, products: Int = 0) {
        self.labels = labels
        self.unsolved = unsolved
        self.products = products
    }

    public static func + (a: DenseLinearOutcome, b: DenseLinearOutcome) -> DenseLinearOutcome {
        DenseLinearOutcome(labels: a.labels + b.labels, unsolved: a.unsolved + b.unsolved, products: a.products + b.products)
    }
}
