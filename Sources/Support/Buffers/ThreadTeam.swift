import Foundation

/// The threads of one rank: runs a loop body for each index, on `size` threads, and returns when all are done.
///
/// Which thread runs which index is not fixed, so bodies must write to disjoint places; then the result does not
/// depend on `size`.
public final class ThreadTeam: @unchecked Sendable {
    public let size: Int
    private let condition = NSCondition()
    private var job: (@Sendable (Int) -> Void)?
    private var next = 0, end = 0, busy = 0, generation = 0, stopping = false

    public init(size: Int) {
        precondition(size >= 1)
        self.size = size
        for index in 1..<max(size, 1) {
            let thread = Thread { [weak self] in self?.serve() }
            thread.name = "team-\(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Ends the helper threads. A team of one has none.
    public func stop() {
        condition.lock()
        stopping = true
        condition.broadcast()
        condition.unlock()
    }

    /// Calls `body(0) … body(count-1)`, each once, in any order, on all threads of the team.
    public func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        if size == 1 || count <= 1 {
            for i in 0..<count { body(i) }
            return
        }
        condition.lock()
        job = body
        next = 0
        end = count
        generation += 1
        condition.broadcast()
        drain()
        while busy > 0 { condition.wait() }
        job = nil
        condition.unlock()
    }

    /// Cuts `0..<count` into at most 4·size runs of at least `grain` and calls `body` on each.
    public func forRanges(_ count: Int, grain: Int = 1, _ body: @escaping @Sendable (Range<Int>) -> Void) {
        let pieces = max(1, min(size == 1 ? 1 : 4 * size, count / max(grain, 1)))
        forEach(count == 0 ? 0 : pieces) { piece in
            body(count * piece / pieces..<count * (piece + 1) / pieces)
        }
    }

    /// Takes indices of the current job until none is left; called with the lock held.
    private func drain() {
        guard let job else { return }
        while next < end {
            let index = next
            next += 1
            busy += 1
            condition.unlock()
            job(index)
            condition.lock()
            busy -= 1
        }
        if busy == 0 { condition.broadcast() }
    }

    private func serve() {
        condition.lock()
        var seen = 0
        while !stopping {
            if generation != seen {
                seen = generation
                drain()
            } else {
                condition.wait()
            }
        }
        condition.unlock()
    }
}
