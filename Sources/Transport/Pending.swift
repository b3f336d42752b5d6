/// What a rank has begun together with others, and has not waited for yet: messages on their way, or a barrier that it has reached.
public final class Pending {
    private var wait: (() throws -> Void)?

    /// - Parameter wait: returns when it is complete; nil: it is.
    public init(_ wait: (() throws -> Void)? = nil) { self.wait = wait }

    /// Waits until it is complete; at once where that was done before.
    public func finish() throws {
        let wait = self.wait
        self.wait = nil
        try wait?()
    }
}
