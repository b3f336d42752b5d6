import Diagnostics

/// Notices a worker that sends nothing any more: its process was stopped, or its host or network is gone.
///
/// Workers send a heartbeat every few seconds, so silence has nothing to do with how long a step takes. Times are
/// monotonic seconds.
package struct Watchdog {
    private let timeout: Double
    private let hosts: [String]
    private var lastHeard: [Int: Double] = [:]
    private var lastLook: Double
    /// The coordinator was away for longer (it merged scores, or the whole job was suspended): nobody is blamed for that.
    private static let longestLook = 1.0

    /// - Parameter hosts: of each world rank.
    package init(ranks: some Sequence<Int>, timeout: Double, hosts: [String], now: Double) {
        self.timeout = timeout
        self.hosts = hosts
        lastLook = now
        for rank in ranks { lastHeard[rank] = now }
    }

    /// A message of any kind came.
    package mutating func heard(_ rank: Int, now: Double) {
        if lastHeard[rank] != nil { lastHeard[rank] = now }
    }

    /// These have nothing left to say.
    package mutating func dismiss(_ ranks: [Int]) {
        for rank in ranks { lastHeard[rank] = nil }
    }

    /// Called when all messages that have come are read.
    ///
    /// - Throws: `Failure(.interrupted)` that names the rank that has been silent for longest, where that is too long.
    package mutating func look(now: Double) throws {
        let away = now - lastLook
        lastLook = now
        if away > Self.longestLook { for rank in lastHeard.keys { lastHeard[rank]? += away } }
        guard let (rank, time) = lastHeard.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), now - time > timeout else {
            return
        }
        let host = rank < hosts.count ? hosts[rank] : "an unknown host"
        throw Failure(
            .interrupted, "a worker has not been heard of for \(Quantity.seconds(now - time))", at: "rank \(rank) on \(host)",
            found: "no sign of life", expected: "one every few seconds; --silence-timeout is \(Quantity.seconds(timeout))",
            advice: "see whether \(host) is up and its process runs, then run the same command again: it goes on from the newest "
                + "checkpoint")
    }
}
