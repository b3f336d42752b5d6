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
