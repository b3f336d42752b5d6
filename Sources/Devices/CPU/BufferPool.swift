import Foundation
import Support

/// Buffers of one length that are handed out and taken back, so that a step allocates nothing after the first.
final class BufferPool: @unchecked Sendable {
    let length: Int
    private let lock = NSLock()
    private var free: [Buffer<Float>] = []

    init(length: Int) { self.length = length }

    /// A buffer with any content; returned to the pool after `body`.
    func with<Result>(_ body: (Buffer<Float>) throws -> Result) rethrows -> Result {
        let buffer = take()
        defer { give(buffer) }
        return try body(buffer)
    }

    func take() -> Buffer<Float> {
        lock.lock()
        defer { lock.unlock() }
        return free.popLast() ?? Buffer(count: length)
    }

    func give(_ buffer: Buffer<Float>) {
        lock.lock()
        free.append(buffer)
        lock.unlock()
    }
}
