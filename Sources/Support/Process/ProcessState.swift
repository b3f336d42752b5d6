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

/// CPU seconds of this process so far, in user and kernel mode.
public func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + 1e-6 * Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
}

/// The largest resident set of this process so far, MiB.
public func peakRSSMiB() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
}

/// Seconds since it was started, by the clock that nobody sets: a jump of the wall clock changes no interval.
public struct Stopwatch: Sendable {
    private var start = ContinuousClock.now

    public init() {}

    public var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    public mutating func restart() { start = ContinuousClock.now }
}
