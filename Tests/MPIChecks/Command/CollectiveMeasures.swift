import Glibc
import Support
import Transport

/// Ours and the library's ways to move the same bytes, in turns: the middle wall time of a call, and CPU time a rank and call.
@Sendable func printCollectives(_ ranks: MPICommunicator) throws {
    say(ranks, "\(ranks.size) ranks, \(ranks.isOversubscribed ? "more than" : "no more than") cores")
    say(ranks, "| what | bytes in all | ours | MPI's | CPU ours | CPU MPI's |")
    say(ranks, "|---|---|---|---|---|---|")
    for kibibytes in [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536] {
        let bench = CollectiveBench(ranks, bytes: kibibytes << 10)
        try bench.compare("allgather", bench.allgather)
        try bench.compare("alltoall", bench.alltoall)
        try bench.compare("broadcast", bench.broadcast)
    }
}

/// One size: what all ranks together hold after an allgather, what a rank sends in an alltoall, what a root sends.
private struct CollectiveBench {
    private let ranks: MPICommunicator
    private let bytes: Int
    private let from: Buffer<UInt8>, to: Buffer<UInt8>
    private let blocks: [Range<Int>]

    init(_ ranks: MPICommunicator, bytes: Int) {
        (self.ranks, self.bytes) = (ranks, bytes)
        (from, to) = (Buffer(count: bytes), Buffer(count: bytes))
        from.fill(UInt8(ranks.rank + 1))
        to.fill(1)
        blocks = evenRanges(bytes, parts: ranks.size)
    }

    private var parts: [UnsafeMutableRawBufferPointer] { blocks.map { to.bytes(of: $0) } }
    /// Of equal length between any two ranks.
    private var even: [Range<Int>] { (0..<ranks.size).map { $0 * (bytes / ranks.size)..<($0 + 1) * (bytes / ranks.size) } }

    func allgather(_ isOurs: Bool) throws {
        let parts = parts
        if isOurs {
            try ranks.exchangeAllgather(UnsafeRawBufferPointer(parts[ranks.rank]), into: parts)
        } else {
            try ranks.libraryAllgather(into: parts)
        }
    }

    func alltoall(_ isOurs: Bool) throws {
        let send = even.map { from.bytes(of: $0) }, receive = even.map { to.bytes(of: $0) }
        if isOurs {
            try ranks.alltoall(send: send, receive: receive)
        } else {
            try ranks.libraryAlltoall(send: send, receive: receive)
        }
    }

    func broadcast(_ isOurs: Bool) throws {
        if isOurs { try ranks.treeBroadcast(to.bytes, root: 0) } else { try ranks.libraryBroadcast(to.bytes, root: 0) }
    }

    func compare(_ name: String, _ call: (Bool) throws -> Void) throws {
        let rounds = bytes <= 1 << 18 ? 60 : bytes <= 4 << 20 ? 20 : 6
        var walls: [[Double]] = [[], []], cpu = [0.0, 0.0]
        for round in 0..<2 * rounds {
            let which = round % 2
            try ranks.barrier()
            let began = clockSeconds(CLOCK_MONOTONIC), used = clockSeconds(CLOCK_PROCESS_CPUTIME_ID)
            try call(which == 0)
            walls[which].append(clockSeconds(CLOCK_MONOTONIC) - began)
            cpu[which] += clockSeconds(CLOCK_PROCESS_CPUTIME_ID) - used
        }
        let middles = walls.map { Int($0.sorted()[rounds / 2] * 1e6) }
        let own = cpu.map { Int($0 / Double(rounds) * 1e6) }
        let sums = try own.map { try ranks.allgatherCounts($0).reduce(0, +) / ranks.size }
        say(ranks, "| \(name) | \(Quantity.bytes(bytes)) | \(middles[0]) µs | \(middles[1]) µs | \(sums[0]) µs | \(sums[1]) µs |")
    }
}

private func clockSeconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
