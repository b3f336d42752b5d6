import Foundation

/// Whether a job works in a folder of results, seen from outside, on any host: a look at its lock, which changes nothing.
public struct LockWatch {
    private let path: String
    private let silence: Double
    private var content: Data?
    private var changed = 0.0

    /// - Parameter silence: seconds without a sign of life after which the lock of another host's process is stale.
    public init(folder: String, silence: Double = 30) {
        (path, self.silence) = ("\(folder)/\(RunLock.fileName)", silence)
    }

    /// - Parameter now: seconds of any clock that runs on.
    public mutating func isHeld(now: Double) -> Bool {
        guard let found = LockFile.content(of: path) else { return false }
        if found != content { (content, changed) = (found, now) }
        switch LockFile.holder(of: path)?.state(seenBy: .current()) ?? .unknown {
        case .alive: return true
        case .dead: return false
        case .unknown: return now - changed < silence
        }
    }
}
