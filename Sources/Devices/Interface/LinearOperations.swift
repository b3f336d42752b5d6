import Support

/// Linear one-vs-all classifiers on sparse documents (DiSMEC: Babbar & Schölkopf, WSDM 2017).
public protocol LinearOperations {
    /// Readies documents for `trainLinear`.
    ///
    /// - Parameter documents: N×V, columns ascending in each row. Rows of unit length are solved fastest.
    func linearProblem(_ documents: CSRMatrix) -> LinearProblem

    /// Trains the classifier of each of `labels`, on its own: a label's numbers depend neither on the labels beside it nor
    /// on the number of threads.
    ///
    /// Minimises ½(w·w + b²) + cost·Σᵢ max(0, 1 − yᵢ(w·xᵢ + b·bias))² over w and b by Newton's method, starting where the
    /// means of positives and negatives are separated (Schultheis & Babbar, 2022).
    ///
    /// - Parameters:
    ///   - positives: L×N, the documents of each label.
    ///   - isStopped: asked before each label. Once it is true no label is begun.
    /// - Returns: one row for each of `labels`; nil where it was stopped before all had begun.
    func trainLinear(
        _ problem: LinearProblem, positives: CSRMatrix, labels: Range<Int>, _ settings: LinearSettings,
        isStopped: @escaping @Sendable () -> Bool
    ) -> LinearRows?

    /// The sum of the documents of each of `labels`, scaled to length 1, without entries up to `threshold`.
    ///
    /// - Parameters:
    ///   - documents: N×V, columns ascending in each row.
    ///   - members: L×N, the documents of each label.
    /// - Returns: |labels|×V.
    func sparseMeans(of documents: CSRMatrix, members: CSRMatrix, labels: Range<Int>, threshold: Float) -> CSRMatrix

    /// Trains a classifier for each label of `examples` on these alone: the problem of `trainLinear(_:positives:…)`, solved
    /// roughly by coordinate descent in the dual (Hsieh et al., ICML 2008).
    ///
    /// The result for a label depends on its own examples alone, not on the labels beside it or the number of threads.
    ///
    /// - Parameters:
    ///   - documents: N×V, columns ascending in each row.
    ///   - isStopped: asked before each label. Once it is true no label is begun.
    /// - Returns: one row for each label; nil where it was stopped before all had begun.
    func trainLinear(
        _ documents: CSRMatrix, _ examples: LabelExamples, _ settings: DualLinearSettings,
        isStopped: @escaping @Sendable () -> Bool
    ) -> LinearRows?

    /// Classifiers laid out for scores of single pairs of documents and labels.
    ///
    /// - Parameters:
    ///   - weights: L×V, columns ascending in each row.
    ///   - biases: L, what is added to the labels' scores.
    func weightTables(weights: CSRMatrix, biases: Buffer<Float>) -> WeightTables

    /// Bytes of a label's part of `weightTables`, of so many weights.
    func weightTableBytes(_ weights: Int) -> Int

    /// The scores w·x + b of the labels in each row of `lists` with the document of `docs` at the same place, in the order of
    /// the lists; what stands for labels that are not among the classifiers is not changed.
    ///
    /// - Parameters:
    ///   - lists: |docs| rows.
    ///   - documents: N×V.
    ///   - firstLabel: the label of the first classifier.
    ///   - scores: |docs|·k, written to.
    func linearScores(
        _ tables: WeightTables, _ lists: TopK, docs: [Int32], documents: CSRMatrix, firstLabel: Int, into scores: Buffer<Float>)

    /// Classifiers by feature: a document then costs the weights of its own features only.
    ///
    /// - Parameters:
    ///   - weights: L×V, columns ascending in each row.
    ///   - biases: L, what is added to the labels' scores.
    func invertedIndex(weights: CSRMatrix, biases: Buffer<Float>) -> InvertedIndex

    /// The k labels with the largest w·x + bias for each of the rows `docs` of `documents` (N×V), ties by smaller label. A
    /// pair's score has the same bits whatever the cut of labels and documents, and the number of threads.
    ///
    /// - Parameter firstLabel: is added to each id, for an index over a run of labels.
    func bestLabels(_ index: InvertedIndex, documents: CSRMatrix, docs: [Int32], k: Int, firstLabel: Int) -> TopK
}

/// How a linear classifier is trained.
public struct LinearSettings: Sendable, Equatable {
    /// C: the weight of the loss beside ½|w|².
    public var cost: Double
    /// The value of the feature that every document has; 0: none, and no bias.
    public var biasFeature: Double
    /// A label is done once its gradient is below accuracy · min(positives, negatives) ÷ N of the gradient at 0 (LIBLINEAR's ε).
    public var accuracy: Double
    /// Weights up to this size are dropped (DiSMEC's Δ); 0 drops zeros only. Biases always stay.
    public var threshold: Float
    /// Products with the Hessian after which a label is left as it is.
    public var maxProducts: Int

    public init(
        cost: Double = 1, biasFeature: Double = 1, accuracy: Double = 0.01, threshold: Float = 0.01, maxProducts: Int = 10_000
    ) {
        self.cost = cost
        self.biasFeature = biasFeature
        self.accuracy = accuracy
        self.threshold = threshold
        self.maxProducts = maxProducts
    }
}

/// How a linear classifier is trained on a shortlist of documents.
public struct DualLinearSettings: Sendable, Equatable {
    /// C: the weight of the loss beside ½|w|².
    public var cost: Double
    /// The value of the feature that every document has; 0: none, and no bias.
    public var biasFeature: Double
    /// A label is done once the projected gradients of a pass are this close together (LIBLINEAR's ε of the dual).
    public var tolerance: Double
    /// Passes over its documents after which a label is left as it is.
    public var maxPasses: Int
    /// Weights up to this size are dropped. Biases always stay.
    public var threshold: Float

    public init(
        cost: Double = 1, biasFeature: Double = 1, tolerance: Double = 0.1, maxPasses: Int = 20, threshold: Float = 0.02
    ) {
        self.cost = cost
        self.biasFeature = biasFeature
        self.tolerance = tolerance
        self.maxPasses = maxPasses
        self.threshold = threshold
    }
}

/// Trained classifiers of a run of labels, on the host.
public struct LinearRows: Sendable {
    /// labels×V: the weights that were kept.
    public let weights: CSRMatrix
    /// What is added to each label's score: its bias weight times the bias feature.
    public let biases: Buffer<Float>
    /// Labels that ended less accurate than asked, at `maxProducts` or where rounding forbids more.
    public let inaccurate: Int

    public init(weights: CSRMatrix, biases: Buffer<Float>, inaccurate: Int) {
        precondition(weights.rows == biases.count)
        (self.weights, self.biases, self.inaccurate) = (weights, biases, inaccurate)
    }
}

/// Documents as a device trains on them. Each device has a class of its own for this; nobody else looks inside.
open class LinearProblem: @unchecked Sendable {
    public let documents: Int, features: Int

    public init(documents: Int, features: Int) { (self.documents, self.features) = (documents, features) }
}

/// Classifiers as a device searches them. Each device has a class of its own for this; nobody else looks inside.
open class InvertedIndex: @unchecked Sendable {
    public let labels: Int, features: Int

    public init(labels: Int, features: Int) { (self.labels, self.features) = (labels, features) }
}

/// Classifiers as a device scores single pairs with them. Each device has a class of its own for this; nobody else looks inside.
open class WeightTables: @unchecked Sendable {
    public let labels: Int, features: Int

    public init(labels: Int, features: Int) { (self.labels, self.features) = (labels, features) }
}
