import Glibc
import Support
import Transport
import TransportChecks

private func seconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Computes for about so many microseconds, as between two exchanges of training.
private func compute(_ microseconds: Double) {
    let end = seconds() + microseconds / 1e6
    while seconds() < end {}
}

/// Prints the median and the 90th percentile of `rounds` calls, after `work(rank)` µs of computing each.
private func measure(_ ranks: any Communicator, _ name: String, work: (Int) -> Double, _ call: () throws -> Void) throws {
    var times: [Double] = []
    for round in 0..<300 {
        try ranks.barrier()
        compute(work(round))
        let start = seconds()
        try call()
        if round >= 20 { times.append((seconds() - start) * 1e6) }
    }
    times.sort()
    say(ranks, "\(name): median \(Int(times[times.count / 2])) µs, 90 % under \(Int(times[times.count * 9 / 10])) µs")
}

/// The latency between workers while rank 0 coordinates: waits for a posted message, and naps in between.
@Sendable func printWorkersLatency(_ world: MPICommunicator) throws {
    let isWorker = world.rank > 0
    let part = try world.split(color: isWorker ? 1 : 0, key: world.rank)
    guard isWorker, let workers = part as? MPICommunicator else {
        while try world.poll(from: 1, tag: 1) == nil { usleep(5000) }
        return
    }
    try printLatency(workers)
    if world.rank == 1 { try world.post([1], to: 0, tag: 1) }
}

/// The messages of one training step (batch 255, 300 columns: 306 KB in all), back to back and after computing.
@Sendable func printLatency(_ ranks: MPICommunicator) throws {
    let count = 255 * 300
    let buffer = Buffer<Float>(count: count)
    let partial = Buffer<Float>(count: count)
    let blocks = evenRanges(count, parts: ranks.size)
    let reduction = TreeReduction(over: ranks, leaves: 8, runs: evenRanges(8, parts: ranks.size))
    let partials = reduction.ownNodes.map { _ in partial }
    let cases: [(String, (Int) -> Double)] = [
        ("at once", { _ in 0 }), ("after 2 ms of work", { _ in 2000 }),
        ("after 2 or 3 ms of work (the wait included)", { round in (round + ranks.rank) % 2 == 0 ? 2000 : 3000 }),
    ]
    say(ranks, "\(ranks.size) ranks, \(ranks.isOversubscribed ? "more than" : "no more than") cores")
    for (name, work) in cases {
        try measure(ranks, "allgather of 306 KB, \(name)", work: work) { try ranks.allgather(buffer, blocks: blocks) }
        try measure(ranks, "reduce-scatter of 306 KB, \(name)", work: work) {
            try reduction.reduceScatter(
                partials: partials, blocks: blocks, into: buffer.pointer + blocks[ranks.rank].lowerBound)
        }
        try measure(ranks, "barrier, \(name)", work: work) { try ranks.barrier() }
    }
    try printMergeTime(ranks)
}

/// What merging the leaves costs a step, computing of the leaves not included.
private func printMergeTime(_ ranks: any Communicator) throws {
    guard ranks.size == 1 else { return }
    for leaves in [8, 16, 64] {
        let accumulator = RunAccumulator(run: 0..<leaves, leaves: leaves, length: 255 * 300)
        let merge = { _ = accumulator.accumulate(count: 255 * 300) { _, _ in } }
        try measure(ranks, "merging \(leaves) leaves of 306 KB", work: { _ in 0 }, merge)
    }
}

/// A rank that waits 2 s uses at most a fifth of a core; also where it is the receiver of a message on its way.
@Sendable func checkWaiting(_ ranks: MPICommunicator) throws {
    let late = ranks.size - 1
    try ranks.barrier()
    if ranks.rank == late { sleep(2) }
    let before = seconds(CLOCK_PROCESS_CPUTIME_ID)
    let start = seconds()
    try ranks.barrier()
    let share = (seconds(CLOCK_PROCESS_CPUTIME_ID) - before) / max(seconds() - start, 2)
    let shares = try ranks.allgatherBytes(withUnsafeBytes(of: share) { [UInt8]($0) }).map {
        $0.withUnsafeBytes { $0.loadUnaligned(as: Double.self) }
    }
    let worst = shares.max() ?? 0
    say(ranks, "a rank that waits 2 s uses \(Double(Int(worst * 10_000)) / 100) % of a core")
    if worst >= 0.2 { throw Unequal(description: "FAILED: a waiting rank uses \(worst) of a core") }
}

/// A message of 2.2 GiB from rank 0 to rank 1, longer than MPI's 32-bit counts.
@Sendable func checkLongMessage(_ ranks: MPICommunicator) throws {
    let words = (2 << 30) / 8 + (205 << 20) / 8 + 3
    let buffer = Buffer<UInt64>(count: ranks.rank < 2 ? words : 0)
    // A prime stride writes and reads one word of nearly every page, and the two ends.
    let places = Array(stride(from: 0, to: words, by: 509)) + [words - 1]
    if ranks.rank == 0 {
        for i in places { buffer[i] = UInt64(i) &* 0x9E37_79B9_7F4A_7C15 }
        try ranks.exchange(send: [Message(peer: 1, bytes: buffer.bytes)], receive: [])
    } else if ranks.rank == 1 {
        let start = seconds()
        try ranks.exchange(send: [], receive: [Message(peer: 0, bytes: buffer.bytes)])
        print("2.2 GiB took \(Int((seconds() - start) * 1000)) ms")
        for i in places where buffer[i] != UInt64(i) &* 0x9E37_79B9_7F4A_7C15 {
            throw Unequal(description: "FAILED: word \(i) of the long message differs")
        }
    }
}

/// Sends of another size than their receives are found, whether short or long.
@Sendable func checkSizesThatDiffer(_ ranks: MPICommunicator) throws {
    let short = Buffer<UInt8>(count: 10)
    let long = Buffer<UInt8>(count: 11)
    let peer = (ranks.rank + 1) % ranks.size
    for (sent, expected) in [(short, long), (long, short)] {
        do {
            try ranks.exchange(
                send: [Message(peer: peer, bytes: sent.bytes)],
                receive: [Message(peer: (ranks.rank - 1 + ranks.size) % ranks.size, bytes: expected.bytes)])
        } catch let failure as Failure where failure.found == "\(sent.count) bytes sent" { continue }
        throw Unequal(description: "FAILED: \(sent.count) bytes were accepted for \(expected.count)")
    }
    say(ranks, "ok: sizes that differ are an error")
}
