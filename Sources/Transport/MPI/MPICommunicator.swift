import CMPI
import Glibc
import Support

/// Ranks that are processes started by `mpirun`, over Open MPI. Used by the main thread of each process only, but for
/// `post`, `poll` and `abort`.
public final class MPICommunicator: Communicator {
    public let rank: Int
    public let size: Int
    public let host: String
    /// Two communicators of MPI, so that a posted message is never taken for a part of an exchange.
    let exchangeHandle: MPI_Comm
    let controlHandle: MPI_Comm
    /// More computing ranks than cores on this node: see `PollInterval`.
    public internal(set) var isOversubscribed: Bool
    /// Shared by all communicators of the process.
    let library: MPILibrary
    /// Posted messages that MPI may still read.
    private var posted: [PostedMessage] = []

    /// Starts MPI and returns the communicator of all ranks. Once a process, before anything else.
    ///
    /// A process that was not started by `mpirun` is a job of one rank.
    ///
    /// - Parameter computes: whether rank `rank` of `size` computes; one that only coordinates sleeps most of the time, and
    ///   does not count where ranks are compared with cores.
    public static func start(
        computes: (_ rank: Int, _ size: Int) -> Bool = { _, _ in true }
    ) throws -> MPICommunicator {
        var provided: Int32 = 0
        try check(MPI_Init_thread(nil, nil, Int32(MPI_THREAD_SERIALIZED), &provided), "MPI_Init_thread")
        guard provided >= MPI_THREAD_SERIALIZED else {
            throw Failure(
                .outOfResources, "this MPI allows calls of one thread only", at: "MPI_Init_thread",
                found: "thread level \(provided)", expected: "MPI_THREAD_SERIALIZED", advice: "use Open MPI 4 as it comes")
        }
        try check(MPI_Comm_set_errhandler(cmpi_comm_world(), cmpi_errors_return()), "MPI_Comm_set_errhandler")
        _ = cmpi_set_timer_slack(1_000)
        let world = try MPICommunicator(duplicating: cmpi_comm_world(), isOversubscribed: false, library: MPILibrary())
        world.isOversubscribed = try world.findOversubscription(computes: computes(world.rank, world.size))
        return world
    }

    /// Ends MPI: collective, and the last call of all communicators of this process.
    public func finish() throws {
        // MPI_Finalize waits for all ranks and spins; this barrier naps.
        try barrier()
        let interval = PollInterval(oversubscribed: isOversubscribed)
        while try !reapPosted(), interval.waited < 2_000_000_000 { interval.pause() }
        try check(MPI_Finalize(), "MPI_Finalize")
    }

    init(duplicating handle: MPI_Comm?, isOversubscribed: Bool, library: MPILibrary) throws {
        self.library = library
        var number: Int32 = 0
        try check(MPI_Comm_rank(handle, &number), "MPI_Comm_rank")
        rank = Int(number)
        try check(MPI_Comm_size(handle, &number), "MPI_Comm_size")
        size = Int(number)
        host = try Self.processorName()
        exchangeHandle = try Self.duplicate(handle)
        controlHandle = try Self.duplicate(handle)
        self.isOversubscribed = isOversubscribed
    }

    private static func duplicate(_ handle: MPI_Comm?) throws -> MPI_Comm {
        var copy: MPI_Comm?
        try check(MPI_Comm_dup(handle, &copy), "MPI_Comm_dup")
        guard let copy else { preconditionFailure("MPI_Comm_dup succeeded without a communicator") }
        // A copy takes over the error handler, but a copy of a communicator that MPI has just split off would not.
        try check(MPI_Comm_set_errhandler(copy, cmpi_errors_return()), "MPI_Comm_set_errhandler")
        return copy
    }

    private static func processorName() throws -> String {
        var name = [CChar](repeating: 0, count: Int(MPI_MAX_PROCESSOR_NAME) + 1)
        var length: Int32 = 0
        try check(MPI_Get_processor_name(&name, &length), "MPI_Get_processor_name")
        return String(decoding: name.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    public func abort(code: Int32) -> Never {
        fflush(nil)
        _ = library.locked { MPI_Abort(cmpi_comm_world(), code) }
        _exit(code)
    }

    public func post(_ bytes: [UInt8], to peer: Int, tag: Int) throws {
        try library.locked {
            try reap()
            posted.append(try PostedMessage(bytes, to: peer, tag: tag, over: controlHandle))
        }
    }

    public func poll(from peer: Int?, tag: Int) throws -> (peer: Int, bytes: [UInt8])? {
        _ = try reapPosted()
        return try receivePosted(from: peer.map { Int32($0) } ?? cmpi_any_source(), tag: Int32(tag))
    }

    /// Forgets posted messages that are complete; whether none is left.
    private func reapPosted() throws -> Bool {
        try library.locked {
            try reap()
            return posted.isEmpty
        }
    }

    /// With the library's lock held.
    private func reap() throws {
        if !posted.isEmpty { posted = try posted.filter { try !$0.isComplete() } }
    }

    public var waitedSeconds: Double { library.waitedSeconds }
}

/// What all communicators of a process share: MPI is entered by one thread at a time (MPI_THREAD_SERIALIZED), so that a
/// heartbeat may be posted while the main thread computes or waits.
final class MPILibrary: @unchecked Sendable {
    private let monitor = Monitor(conditions: 0)
    /// Of the main thread alone, which makes all exchanges.
    private var waitedNanoseconds: UInt64 = 0

    func locked<Result>(_ body: () throws -> Result) rethrows -> Result { try monitor.locked(body) }

    func waited(nanoseconds: UInt64) { waitedNanoseconds += nanoseconds }

    var waitedSeconds: Double { Double(waitedNanoseconds) * 1e-9 }
}

/// Throws where an MPI call did not succeed, with the words of MPI for it.
func check(_ status: Int32, _ call: String) throws {
    guard status != MPI_SUCCESS else { return }
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
    var length: Int32 = 0
    MPI_Error_string(status, &text, &length)
    let words = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw Failure(
        .outOfResources, "MPI could not do what was asked of it", at: call, found: words,
        advice: "see whether all nodes are up and whether they have free memory, also in /dev/shm")
}
