import Support

/// The sizes of a data set that is to be generated.
package struct SetShape: Sendable, Equatable {
    /// Training documents, N.
    package var documents: Int
    /// Tokens, V: columns of the features.
    package var features: Int
    /// Labels, L.
    package var labels: Int
    /// Labels a document, X, on average.
    package var labelsPerDocument: Double
    package var testDocuments: Int
    /// Tokens a document on average, repetitions counted.
    package var tokensPerDocument: Double

    package init(
        documents: Int, features: Int, labels: Int, labelsPerDocument: Double, testDocuments: Int,
        tokensPerDocument: Double = 8
    ) {
        self.documents = documents
        self.features = features
        self.labels = labels
        self.labelsPerDocument = labelsPerDocument
        self.testDocuments = testDocuments
        self.tokensPerDocument = tokensPerDocument
    }

    /// Shapes of sets of the Extreme Classification Repository.
    package static let named: [String: SetShape] = [
        "AmazonTitles-670K": SetShape(
            documents: 485_176, features: 66_666, labels: 670_091, labelsPerDocument: 5.4, testDocuments: 150_875),
        "AmazonTitles-3M": SetShape(
            documents: 1_712_536, features: 165_431, labels: 2_812_281, labelsPerDocument: 36, testDocuments: 739_665),
    ]

    /// Whether there are labels enough in all documents for each label to have one.
    package var allLabelsFit: Bool { Double(documents) * labelsPerDocument >= Double(labels) }

    /// - Throws: `Failure` that names the option whose number can't be.
    package func check() throws {
        let most = Int(Int32.max)
        for (option, number) in [
            ("--documents", documents), ("--features", features), ("--labels", labels), ("--test", testDocuments),
        ]
        where !(1...most).contains(number) {
            throw Self.refusal(option, found: "\(number)", expected: "1 … \(Quantity.count(most))")
        }
        if !(1...Double(labels)).contains(labelsPerDocument) {
            throw Self.refusal("--labels-per-document", found: "\(labelsPerDocument)", expected: "1 … the number of labels")
        }
        if !(1...1000).contains(tokensPerDocument) {
            throw Self.refusal("--tokens-per-document", found: "\(tokensPerDocument)", expected: "1 … 1000")
        }
    }

    private static func refusal(_ option: String, found: String, expected: String) -> Failure {
        Failure(
            .usage, "no data set has this shape", at: option, found: found, expected: expected, advice: "choose another number")
    }
}
