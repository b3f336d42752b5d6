import Foundation
import Support

/// Work of a worker that goes on while it computes, such as messages: pieces on a thread of their own, one after the other.
///
/// Whatever a piece uses is that thread's from `add` until `finish` returns.
final class SideThread: Sendable {
    /// Pieces that may wait or run: who adds more waits.
    static let ahead = 2

    private final class State: @unchecked Sendable {
        let condition = NSCondition()
        var pieces: [() throws -> Void] = []
        /// Added and not done.
        var open = 0
        var error: (any Error)?
        var blockedSeconds = 0.0
        var isEnded = false
    }

    private let state = State()

    init() {
        let thread = Thread { [state] in Self.work(state) }
        thread.name = "messages"
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit {
        state.condition.lock()
        state.isEnded = true
        state.condition.broadcast()
        state.condition.unlock()
    }

    /// Of an earlier error, `finish` tells: what comes after it is not begun.
    func add(_ piece: @escaping () throws -> Void) {
        state.condition.lock()
        defer { state.condition.unlock() }
        wait(below: Self.ahead)
        state.pieces.append(piece)
        state.open += 1
        state.condition.broadcast()
    }

    /// Returns when all pieces are done.
    ///
    /// - Throws: the first error of one.
    func finish() throws {
        state.condition.lock()
        defer { state.condition.unlock() }
        wait(below: 1)
        guard let error = state.error else { return }
        state.error = nil
        throw error
    }

    /// With the lock held.
    private func wait(below count: Int) {
        let time = Stopwatch()
        while state.open >= count { state.condition.wait() }
        state.blockedSeconds += time.seconds
    }

    /// Seconds that whoever adds pieces has waited for them so far.
    var blockedSeconds: Double {
        state.condition.lock()
        defer { state.condition.unlock() }
        return state.blockedSeconds
    }

    private static func work(_ state: State) {
        state.condition.lock()
        defer { state.condition.unlock() }
        while true {
            while state.pieces.isEmpty {
                if state.isEnded { return }
                state.condition.wait()
            }
            let piece = state.pieces.removeFirst()
            if state.error == nil {
                state.condition.unlock()
                let result = Result { try piece() }
                state.condition.lock()
                if case .failure(let error) = result { state.error = error }
            }
            state.open -= 1
            state.condition.broadcast()
        }
    }
}
