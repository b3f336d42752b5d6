/// The labels that a data set keeps: sorted names; label i is column i.
public struct LabelCatalogue: Sendable, Equatable {
    public let names: [String]
    private let columns: [String: Int32]

    /// Keeps the labels of at least `minCount` training documents that stand on at most `maxShare` of them.
    public init(fitting training: [Document], minCount: Int, maxShare: Double) {
        var counts = [String: Int]()
        for document in training { for label in document.labels { counts[label, default: 0] += 1 } }
        let most = maxShare * Double(training.count)
        names = counts.filter { $0.value >= minCount && Double($0.value) <= most }.keys.sorted()
        columns = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    }

    /// Ascending columns of a document's labels; those that are not kept are left out.
    public func columns(of document: Document) -> [Int32] {
        document.labels.compactMap { columns[$0] }.sorted()
    }
}
