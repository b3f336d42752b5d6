import Datasets

/// The sizes that decide memory, messages and time of a run.
public struct ProblemSize: Sendable, Equatable {
    /// N: training documents after the clean-up.
    public var trainDocuments: Int
    public var testDocuments: Int
    /// V.
    public var tokens: Int
    /// L: labels with a training document.
    public var labels: Int
    /// D.
    public var dimensions: Int
    /// Stored features of training and test documents together.
    public var storedFeatures: Int
    /// Stored (document, label) pairs of training and test documents together.
    public var storedLabels: Int

    public init(
        trainDocuments: Int, testDocuments: Int, tokens: Int, labels: Int, dimensions: Int, storedFeatures: Int, storedLabels: Int
    ) {
        self.trainDocuments = trainDocuments
        self.testDocuments = testDocuments
        self.tokens = tokens
        self.labels = labels
        self.dimensions = dimensions
        self.storedFeatures = storedFeatures
        self.storedLabels = storedLabels
    }

    public init(_ data: XCDataset, dimensions: Int) {
        self.init(
            trainDocuments: data.trainFeatures.rows, testDocuments: data.testFeatures.rows, tokens: data.vocabularySize,
            labels: data.labelCount, dimensions: dimensions,
            storedFeatures: data.trainFeatures.nonZeros + data.testFeatures.nonZeros,
            storedLabels: data.trainLabels.nonZeros + data.testLabels.nonZeros)
    }

    /// Of training and test documents, on average, rounded up.
    package var tokensPerDocument: Int {
        trainDocuments + testDocuments == 0 ? 0 : 1 + storedFeatures / (trainDocuments + testDocuments)
    }

    /// Bytes of the data set as ranks map it (once a node): two CSR feature matrices, the labels and their transpose.
    public var mappedBytes: Int {
        let rowOffsets = 8 * (3 * trainDocuments + 3 * testDocuments + 2 * labels)
        return 8 * storedFeatures + 2 * 4 * storedLabels + rowOffsets + 8 * labels
    }
}
