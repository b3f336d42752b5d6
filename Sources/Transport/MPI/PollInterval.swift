import Glibc

/// How a rank waits for MPI, which can only be polled: a short busy phase, then naps that grow with the time waited.
///
/// A nap is at most a tenth of the wait so far, so a wait is overshot by a tenth, or by the shortest nap.
struct PollInterval {
    /// Nanoseconds of looking again at once, with only a yield between: the waits of a step are shorter, and to wake from a nap costs
    /// a virtual machine some 50 µs (naps after 30 µs made a learner on two workers 7 % slower). No other process needs the core.
    static let busy: UInt64 = 300_000
    static let shortestNap: UInt64 = 20_000
    static let longestNap: UInt64 = 200_000
    /// Who has waited this long (a coordinator at a barrier) may nap longer: a look costs some 5 µs of a core.
    static let longWait: UInt64 = 100_000_000
    static let longestNapOfLongWait: UInt64 = 5_000_000

    private let busy: UInt64
    private let start: UInt64

    /// - Parameter oversubscribed: more computing ranks than cores: whoever is waited for may need this very core.
    init(oversubscribed: Bool) {
        busy = oversubscribed ? 0 : Self.busy
        start = Self.now()
    }

    /// Nanoseconds since the wait began.
    var waited: UInt64 { Self.now() - start }

    /// Within the busy phase: lets another thread go first. false: it is over.
    func yields() -> Bool {
        guard waited < busy else { return false }
        sched_yield()
        return true
    }

    /// Gives the core away for a while.
    func pause() {
        if yields() { return }
        let waited = self.waited
        let longest = waited < Self.longWait ? Self.longestNap : min(waited / 100, Self.longestNapOfLongWait)
        var nap = timespec(tv_sec: 0, tv_nsec: Int(min(max(waited / 10, Self.shortestNap), longest)))
        nanosleep(&nap, nil)
    }

    /// Monotonic nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
