import Foundation

/// Ranks that are threads of one process: for tests, and for a job of one rank without MPI.
///
/// A rank that waits sleeps on a condition. Where a rank fails or ends, the others' calls throw instead of waiting for it.
public final class ThreadCommunicator: Communicator, @unchecked Sendable {
    public let rank: Int
    public var size: Int { group.members.count }
    public let host: String
    let job: ThreadJob
    let group: ThreadGroup
    private var splits = 0
    private var memories = 0

    init(rank: Int, job: ThreadJob, group: ThreadGroup) {
        self.rank = rank
        self.job = job
        self.group = group
        host = Self.hostName()
    }

    /// The `size` ranks of a new job; each is then used by a thread of its own. An abort ends the process.
    public static func group(size: Int) -> [ThreadCommunicator] { group(size: size, abortEndsProcess: true) }

    private static func group(size: Int, abortEndsProcess: Bool) -> [ThreadCommunicator] {
        precondition(size >= 1)
        let job = ThreadJob(size: size, abortEndsProcess: abortEndsProcess)
        let group = ThreadGroup(members: Array(0..<size))
        return (0..<size).map { ThreadCommunicator(rank: $0, job: job, group: group) }
    }

    /// Runs `body` on `size` threads, one a rank, and returns when all have ended.
    ///
    /// - Throws: the first error that any rank threw; `JobAborted` where one aborted.
    public static func run(size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Void) throws {
        let ranks = group(size: size, abortEndsProcess: false)
        for communicator in ranks {
            let thread = Thread {
                do {
                    try body(communicator)
                    communicator.leave()
                } catch { communicator.leave(error) }
            }
            thread.name = "rank-\(communicator.rank)"
            thread.stackSize = 16 << 20
            thread.start()
        }
        if let error = ranks[0].job.waitForAll() { throw error }
    }

    /// Says that this rank does nothing more (`run` does so itself): who waits for it, or will, gets a `Failure`.
    public func leave(_ error: (any Error)? = nil) { job.end(jobRank, error: error) }

    /// Not Foundation's: that asks the name server, and may wait for seconds.
    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 257)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var jobRank: Int { group.members[rank] }

    public func post(_ bytes: [UInt8], to peer: Int, tag: Int) throws {
        try job.monitor.locked {
            try job.check()
            group.posts[peer].append((rank, tag, bytes))
        }
    }

    public func poll(from peer: Int?, tag: Int) throws -> (peer: Int, bytes: [UInt8])? {
        try job.monitor.locked {
            try job.check()
            let posts = group.posts[rank]
            guard let i = posts.firstIndex(where: { $0.tag == tag && (peer == nil || $0.peer == peer) }) else { return nil }
            let post = group.posts[rank].remove(at: i)
            return (post.peer, post.bytes)
        }
    }

    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        let wishes = try allgatherBytes(withUnsafeBytes(of: (color ?? -1, key)) { [UInt8]($0) }).map {
            $0.withUnsafeBytes { $0.loadUnaligned(as: (color: Int, key: Int).self) }
        }
        splits += 1
        guard let color else { return nil }
        precondition(color >= 0, "a color is 0 or more")
        let chosen = (0..<size).filter { wishes[$0].color == color }
            .sorted { (wishes[$0].key, $0) < (wishes[$1].key, $1) }
        let child = job.monitor.locked {
            group.child(.init(round: splits, color: color), members: chosen.map { group.members[$0] })
        }
        guard let place = chosen.firstIndex(of: rank) else { preconditionFailure("a rank is in the group of its color") }
        return ThreadCommunicator(rank: place, job: job, group: child)
    }

    public func splitByNode() throws -> any Communicator {
        guard let all = try split(color: 0, key: rank) else { preconditionFailure("color 0 is a color") }
        return all
    }

    public func sharedMemory(floats: Int) throws -> SharedMemory? {
        memories += 1
        let name = memories, buffer = job.monitor.locked { group.memory(name, floats: floats) }
        return SharedMemory(buffer) { [self] in Pending { try self.barrier() } }
    }

    public var waitedSeconds: Double { Double(job.monitor.locked { job.waited[jobRank] }) * 1e-9 }

    /// Ends the process with the code; inside `run`, only the job: the others' calls throw, and so does `run`.
    public func abort(code: Int32) -> Never {
        job.end(jobRank, error: JobAborted(rank: jobRank, code: code))
        if job.abortEndsProcess { exit(code) }
        // This thread can neither return nor end without unwinding Swift frames: it sleeps for good, and is a test's only.
        while true { pause() }
    }
}

/// A rank of `ThreadCommunicator.run` called `abort`.
public struct JobAborted: Error, Equatable {
    public var rank: Int
    public var code: Int32
    public init(rank: Int, code: Int32) {
        self.rank = rank
        self.code = code
    }
}
