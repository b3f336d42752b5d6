import Support

/// Steps of one-vs-all classifiers, on all labels or on shortlists, their logits, and their best labels.
public protocol ClassifierOperations {
    /// Training on the logits of all labels: the loss is the mean over all B×L entries.
    ///
    /// Tile by tile of labels: logits = Z Wᵀ + b, the loss's gradient G in place (σ − y for cross-entropy), ∂W = Gᵀ Z, ∂Z += G W,
    /// the optimiser on the tile. The B×L matrix never exists.
    func oneVsAll(_ task: ClassifierTask, precision: ClassifierPrecision) -> any ClassifierOperation

    /// Training on the (document, label) pairs of shortlists: the loss is their sum / B, and only rows of labels with a pair change.
    ///
    /// A batch's pairs are a document's positives, its negatives and random labels, see `ShortlistSizes`. Label-major: a label's
    /// row is read once, meets all its documents, and is written back.
    func shortlists(_ task: ClassifierTask, sizes: ShortlistSizes, negatives: NegativeShortlists) -> any ShortlistOperation

    /// Logits w·z + b of the labels that `wanted` names.
    ///
    /// - Parameters:
    ///   - z: B×D, row i of document `docs[i]`.
    ///   - wanted: N×L; all its labels are of the classifier.
    /// - Returns: B×L: the rows `docs` of `wanted`, with logits as values.
    func logits(_ classifier: ClassifierShard, z: Tensor, of wanted: CSRMatrix, docs: [Int32]) -> CSRMatrix

    /// The k best labels (global ids) of each row of z (B×D) by descending logit w·z + b, ties by smaller id; fewer where the
    /// shard holds fewer. A label whose logit is NaN or −∞ is left out.
    ///
    /// A logit has the same bits whatever the batch, the number of threads and the cut of the labels are: it is that of the
    /// one-vs-all step in float32.
    func bestLabels(_ classifier: ClassifierShard, z: Tensor, k: Int) -> TopK

    /// The same search, with the same bits, over classifiers that are laid out once: for many searches of a few documents each.
    /// Queries are z, ids are labels.
    func packedSearch(over classifier: ClassifierShard) -> any NeighbourSearch
}

/// What a classifier is trained on.
public struct ClassifierTask: Sendable {
    public var classifier: ClassifierShard
    /// Rows of the classifier that each leaf holds: gradients of z are summed leaf by leaf in a fixed tree.
    public var leaves: [Range<Int>]
    /// N×L, binary: all labels, of which the classifier has some.
    public var truth: CSRMatrix
    /// The most documents of a batch.
    public var batchSize: Int
    public var loss: ClassifierLossKind

    public init(
        classifier: ClassifierShard, leaves: [Range<Int>], truth: CSRMatrix, batchSize: Int, loss: ClassifierLossKind = .bce
    ) {
        self.classifier = classifier
        self.leaves = leaves
        self.truth = truth
        self.batchSize = batchSize
        self.loss = loss
    }
}

/// A training step of classifiers with the memory that it works in. Made by a device; used by one thread.
public protocol ClassifierOperation: AnyObject, Sendable {
    /// The batch that the following `run` calls work on: rows of the truth.
    ///
    /// - Parameter stream: what is drawn at random for the batch.
    func prepare(docs: [Int32], stream: RandomStream)

    /// Loss and gradients of some leaves, whose rows of W and bias take a step of the optimiser.
    ///
    /// - Parameters:
    ///   - leaves: a power of two of them, aligned to their number.
    ///   - z: B×D, with zeros as padding.
    ///   - dz: B×D, overwritten, padding too, with the leaves' part of ∂z: summed in the order of a binary tree over the leaves'
    ///     numbers, however they are dealt to processors.
    /// - Returns: the summed loss of each leaf, before any mean.
    func run(_ leaves: Range<Int>, z: Tensor, step: OptimiserStep, dz: Tensor) -> StepLosses
}

/// Training on shortlists.
public protocol ShortlistOperation: ClassifierOperation {
    /// From the next `prepare` on.
    var negatives: NegativeShortlists { get set }

    /// The random labels that `prepare` draws, of all labels, whoever owns them: it depends on documents and stream alone which
    /// they are.
    func randomLabels(docs: [Int32], stream: RandomStream) -> RandomLabels

    /// `prepare` where the random labels are drawn already.
    ///
    /// - Parameter random: of `docs`, those that are the classifier's.
    func prepare(docs: [Int32], stream: RandomStream, random: RandomLabels)

    /// Pairs of the last batch, and labels that have one.
    var pairs: (count: Int, distinctLabels: Int) { get }
}

/// What a classifier's logits s are trained on, y = ±1 the target of a (document, label) entry.
public enum ClassifierLossKind: String, Sendable, CaseIterable {
    /// Binary cross-entropy: ln(1 + e^(−y·s)).
    case bce = "BCE"
    /// max(0, 1 − y·s); its slope at the corner is 0.
    case hinge
    /// max(0, 1 − y·s)².
    case squaredHinge = "squared hinge"
}

/// The numbers that a one-vs-all step multiplies. Sums, W, and its moments are of 32 bits either way.
public enum ClassifierPrecision: String, Sendable, CaseIterable {
    case float32
    /// z, W and the logits' gradients are rounded to 8 bits of mantissa on their way into a product.
    case bfloat16
}
