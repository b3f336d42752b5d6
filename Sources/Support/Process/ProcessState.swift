import Dispatch
import Foundation
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

/// CPU seconds of the calling thread so far: what other processes of the machine take does not count.
public func threadCPUSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// The fewest CPU seconds of one call of each body over `rounds` rounds in which the bodies take turns, after one call of each
/// that is not counted. What they compute, they must compute on the calling thread.
public func fewestCPUSeconds(rounds: Int, _ bodies: [() -> Void]) -> [Double] {
    for body in bodies { body() }
    var best = [Double](repeating: .infinity, count: bodies.count)
    for _ in 0..<rounds {
        for (i, body) in bodies.enumerated() {
            let began = threadCPUSeconds()
            body()
            best[i] = min(best[i], threadCPUSeconds() - began)
        }
    }
    return best
}

/// Whether the memory that this process may map is limited (`ulimit -v`): it should map nothing that it can do without.
public var hasAddressLimit: Bool {
    var limit = rlimit()
    return getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 && limit.rlim_cur != rlim_t.max
}

/// Gives back to the system what `malloc` keeps of freed memory: after many small arrays that can be most of it.
///
/// By name, since Swift's module of glibc lacks it, and other C libraries have none.
public func returnFreedMemory() {
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    typealias Trim = @convention(c) (_ kept: Int) -> Int32
    _ = unsafeBitCast(symbol, to: Trim.self)(0)
}

/// The largest resident set of this process so far, MiB.
public func peakRSSMiB() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
}

/// The resident set of this process now, MiB; the largest so far where the system does not say.
public func residentMiB() -> Double {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return peakRSSMiB() }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) }
    return pages.map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576 } ?? peakRSSMiB()
}

/// Seconds since it was started, by the monotonic clock: a jump of the wall clock changes no interval.
public struct Stopwatch: Sendable {
    private var start = ContinuousClock.now

    public init() {}

    public var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    public mutating func restart() { start = ContinuousClock.now }
}
