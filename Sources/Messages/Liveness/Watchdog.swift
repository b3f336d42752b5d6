import Support

/// Notices a rank that sends nothing any more: its process was stopped, or its host or network is gone. The coordinator has
/// one for its workers, and each worker one for the coordinator.
///
/// Ranks send a heartbeat every few seconds, so silence has nothing to do with how long a step takes. Times are monotonic
/// seconds.
package struct Watchdog {
    private let timeout: Double
    private let patience: Double
    private let longestLook: Double
    private var hosts: [Int: String]
    private var lastHeard: [Int: Double] = [:]
    private var lastLook: Double

    /// - Parameters:
    ///   - timeout: of `--silence-timeout`.
    ///   - hosts: of each world rank, as far as they are known.
    ///   - period: between two looks. Who was away for over a second more (it merged scores, or the whole job was suspended)
    ///     blames nobody for that time.
    ///   - patience: seconds of silence beyond the timeout before it is said.
    package init(
        ranks: some Sequence<Int>, timeout: Double, hosts: [String], now: Double, looksEvery period: Double = 0,
        patience: Double = 0
    ) {
        self.timeout = timeout
        self.patience = patience
        self.hosts = Dictionary(uniqueKeysWithValues: hosts.enumerated().map { ($0, $1) })
        longestLook = period + 1
        lastLook = now
        for rank in ranks { lastHeard[rank] = now }
    }

    /// A message of any kind came.
    ///
    /// - Parameter host: of the rank, where the message says it.
    package mutating func heard(_ rank: Int, on host: String? = nil, now: Double) {
        if let host { hosts[rank] = host }
        if lastHeard[rank] != nil { lastHeard[rank] = now }
    }

    /// These have nothing left to say.
    package mutating func dismiss(_ ranks: [Int]) {
        for rank in ranks { lastHeard[rank] = nil }
    }

    /// Called when all messages that have come are read.
    ///
    /// - Throws: `Failure(.interrupted)` that names the rank that has been silent for longest, where that is too long.
    package mutating func look(now: Double) throws(Failure) {
        let away = now - lastLook
        lastLook = now
        if away > longestLook { for rank in lastHeard.keys { lastHeard[rank]? += away } }
        guard let (rank, time) = lastHeard.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), now - time > timeout + patience
        else {
            return
        }
        let host = hosts[rank] ?? "an unknown host"
        throw Failure(
            .interrupted,
            "\(rank == 0 ? "the coordinator" : "a worker") has not been heard of for \(Quantity.seconds(now - time))",
            at: "rank \(rank) on \(host)",
            found: "no sign of life", expected: "one every few seconds; --silence-timeout is \(Quantity.seconds(timeout))",
            advice: "see whether \(host) is up and its process runs, then run the same command again: it goes on from the newest "
                + "checkpoint")
    }
}
