/// One layer of an encoder as a user wrote it: its kind (`rnn`) and its arguments by name.
public struct LayerDescription: Sendable, Equatable {
    public var kind: String
    public var numbers: [String: Double]
    public var texts: [String: String]

    public init(kind: String, numbers: [String: Double] = [:], texts: [String: String] = [:]) {
        (self.kind, self.numbers, self.texts) = (kind, numbers, texts)
    }
}
