import Config
import Formats
import Foundation
import Support

/// A data set as training sees it, after clean-up (docs/DESIGN.md); shared by the ranks of a node through a mapped cache.
public final class XCDataset: Sendable {
    public let featureType: FeatureType
    /// Training features, N×V: documents with a feature and a label, behind them the labels' texts where these are documents; rows
    /// l2-normalised where asked (see `FeatureType`).
    public let trainFeatures: CSRMatrix
    /// Training labels, N×L, binary; columns are the L labels that have a training document (all selected ones where
    /// `keep_invalid` is set).
    public let trainLabels: CSRMatrix
    /// L×N: the training documents of each label.
    public let trainDocuments: CSRMatrix
    /// Test features, every row of the file; rows l2-normalised where asked.
    public let testFeatures: CSRMatrix
    /// Test labels by original label id, every row of the file.
    public let testLabels: CSRMatrix
    /// Original id of each of the L labels.
    public let labelIds: Buffer<Int32>
    /// Training documents of each original label, counted over the whole file but those held out (propensities).
    public let labelCounts: Buffer<Int32>
    /// Rows of the training file, dropped ones included but not those held out (propensities).
    public let trainRowsInFile: Int
    /// (document, original label) pairs that are removed from test predictions; rows = test documents.
    public let testFilter: CSRMatrix
    /// L×V: the text of each label, made and normalised as documents are, empty where it has none; nil where texts aren't kept.
    public let labelFeatures: CSRMatrix?
    /// nil: the run has no validation.
    public let validation: HeldOutDocuments?
    /// Hex digest of the content of the files.
    public let fingerprint: String

    /// Of `bagOfWords`.
    let words = LazyMatrix()

    public init(
        featureType: FeatureType = .sparse, trainFeatures: CSRMatrix, trainLabels: CSRMatrix, trainDocuments: CSRMatrix,
        testFeatures: CSRMatrix,
        testLabels: CSRMatrix, labelIds: Buffer<Int32>, labelCounts: Buffer<Int32>, trainRowsInFile: Int,
        testFilter: CSRMatrix, labelFeatures: CSRMatrix? = nil, validation: HeldOutDocuments? = nil, fingerprint: String
    ) {
        self.featureType = featureType
        self.trainFeatures = trainFeatures
        self.trainLabels = trainLabels
        self.trainDocuments = trainDocuments
        self.testFeatures = testFeatures
        self.testLabels = testLabels
        self.labelIds = labelIds
        self.labelCounts = labelCounts
        self.trainRowsInFile = trainRowsInFile
        self.testFilter = testFilter
        self.labelFeatures = labelFeatures
        self.validation = validation
        self.fingerprint = fingerprint
    }

    /// Training documents of each of the L labels.
    public var positives: [Int] { (0..<labelCount).map { trainDocuments.range($0).count } }

    public var vocabularySize: Int { trainFeatures.cols }
    /// L: labels that are trained.
    public var labelCount: Int { trainLabels.cols }
    /// Labels of the files, those without a training document included.
    public var labelCountInFile: Int { testLabels.cols }
}

/// The probability that a relevant label is observed in the data (Jain, Prabhu & Varma, KDD 2016).
public enum Propensity {
    /// 1/p_l = 1 + C·(N_l + B)^−A with C = (ln N − 1)(B + 1)^A, one a label.
    ///
    /// - Parameters:
    ///   - labelCounts: N_l, training documents of each label, counted over the whole training file.
    ///   - documents: N, rows of the training file.
    public static func inverse(labelCounts: some Sequence<Int32>, documents: Int, A: Double, B: Double) -> [Double] {
        // Of fewer than three documents the model would make probabilities above 1, and logarithms of 0 of them.
        let C = max(0, log(Double(documents)) - 1) * pow(B + 1, A)
        return labelCounts.map { 1 + C * pow(Double($0) + B, -A) }
    }
}
