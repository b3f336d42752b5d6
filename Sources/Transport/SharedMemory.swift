import Support

/// Memory that all ranks of a communicator read and write, since they share a node: what one has made, the others need not be
/// sent.
///
/// What a rank writes before a barrier, all see after it. Who writes where, and when nobody reads there, its users agree on.
public final class SharedMemory {
    /// Zeros at first.
    public let floats: Buffer<Float>
    /// The same memory as whole numbers, for who uses it as such alone.
    public let integers: Buffer<Int32>
    private let reach: () throws -> Pending

    /// - Parameter arrive: says that this rank has come to a barrier; what it returns waits for the others.
    public init(_ floats: Buffer<Float>, arrive: @escaping () throws -> Pending) {
        self.floats = floats
        let start = UnsafeMutableRawPointer(floats.pointer).bindMemory(to: Int32.self, capacity: floats.count)
        integers = Buffer(viewing: start, count: floats.count, owner: floats)
        reach = arrive
    }

    /// Says that this rank has come to a barrier, and lets it do what the others need not have come for. The next barrier is
    /// reached after this one has been waited for.
    ///
    /// - Returns: waits until all ranks have called this.
    public func arrive() throws -> Pending { try reach() }

    /// Returns when all ranks have called it.
    public func barrier() throws { try arrive().finish() }
}
