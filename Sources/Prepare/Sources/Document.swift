/// One text with the names of its labels, as a source (WordNet, a person's file) gives it.
public struct Document: Sendable, Equatable {
    /// Distinct names, in the order of the source; may be empty.
    public var labels: [String]
    public var text: String

    public init(labels: [String], text: String) {
        self.labels = labels
        self.text = text
    }
}
