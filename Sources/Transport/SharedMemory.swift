import Support

/// Memory that all ranks of a communicator read and write, since they share a node: what one has made, the others need not be
/// sent.
///
/// What a rank writes before a barrier, all see after it. Who writes where, and when nobody reads there, its users agree on.
public final class SharedMemory {
    /// Zeros at first.
    public let floats: Buffer<Float>
    private let wait: () throws -> Void

    public init(_ floats: Buffer<Float>, barrier: @escaping () throws -> Void) {
        self.floats = floats
        wait = barrier
    }

    /// Returns when all ranks have called it.
    public func barrier() throws { try wait() }
}
