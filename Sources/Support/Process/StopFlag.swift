import Dispatch
import Glibc
import Synchronization

/// Whether this rank was asked to stop: SIGTERM, SIGINT or SIGUSR1 (SLURM's warning before the time limit).
public final class StopFlag: Sendable {
    private let requested = Atomic<Bool>(false)

    public init() {}

    public var isSet: Bool { requested.load(ordering: .relaxed) }

    public func set() { requested.store(true, ordering: .relaxed) }

    /// Sets the flag on the signals, instead of ending the process, for as long as the sources live.
    public func watchSignals() -> [any DispatchSourceSignal] {
        [SIGTERM, SIGINT, SIGUSR1].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in set() }
            source.resume()
            return source
        }
    }
}
