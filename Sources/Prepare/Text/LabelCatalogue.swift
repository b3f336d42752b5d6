/// The labels that a data set keeps; label i is column i.
public struct LabelCatalogue: Sendable, Equatable {
    public let names: [String]
    private let columns: [String: Int32]

    /// Keeps the labels of at least `minCount` training documents that stand on at most `maxShare` of them, sorted by name.
    public init(fitting training: [Document], minCount: Int, maxShare: Double) {
        self.init(names: Self.kept(training, minCount, maxShare).sorted())
    }

    /// The same labels in the order of `list`, which holds all labels of the training documents.
    ///
    /// - Parameter keepsAll: keeps all of `list`, so that column i is its label i.
    init(ordered list: [String], fitting training: [Document], minCount: Int, maxShare: Double, keepsAll: Bool) {
        guard !keepsAll else {
            self.init(names: list)
            return
        }
        let kept = Self.kept(training, minCount, maxShare)
        self.init(names: list.filter(kept.contains))
    }

    private init(names: [String]) {
        self.names = names
        columns = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    }

    private static func kept(_ training: [Document], _ minCount: Int, _ maxShare: Double) -> Set<String> {
        var counts = [String: Int]()
        for document in training { for label in document.labels { counts[label, default: 0] += 1 } }
        let most = maxShare * Double(training.count)
        return Set(counts.filter { $0.value >= minCount && Double($0.value) <= most }.keys)
    }

    /// Ascending columns of a document's labels; those that are not kept are left out.
    public func columns(of document: Document) -> [Int32] {
        document.labels.compactMap { columns[$0] }.sorted()
    }
}
