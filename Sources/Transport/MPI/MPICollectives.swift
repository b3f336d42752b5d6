import CMPI
import Support

/// The library's own nonblocking collectives, waited for as an exchange is: naps between looks, so that a rank that is gone is
/// noticed as ever. They move bytes and add nothing, so that who moves them changes no bit.
///
/// Which way is taken depends on what all ranks know alike: their number, and the bytes in all (docs/PERFORMANCE.md has the
/// measurements). An alltoall is as fast either way; ours also tells where two ranks do not agree on a size.
extension MPICommunicator {
    /// MPI's counts are 32-bit.
    private static var largestByLibrary: Int { 1 << 30 }

    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws {
        guard size > 2, bytes.count <= Self.largestByLibrary else { return try treeBroadcast(bytes, root: root) }
        try libraryBroadcast(bytes, root: root)
    }

    public func allgather(_ mine: UnsafeRawBufferPointer, into parts: [UnsafeMutableRawBufferPointer]) throws {
        let total = parts.reduce(0) { $0 + $1.count }
        guard size > 2, total > Self.largestDirectAllgather, total <= Self.largestByLibrary else {
            return try exchangeAllgather(mine, into: parts)
        }
        keep(mine, in: parts[rank])
        try libraryAllgather(into: parts)
    }

    /// See `Communicator.allgather`; `parts[rank]` is this rank's own already.
    public func libraryAllgather(into parts: [UnsafeMutableRawBufferPointer]) throws {
        guard let places = Places(parts) else { return try libraryAllgather(apart: parts) }
        var request: MPI_Request?
        try library.locked {
            try check(
                MPI_Iallgatherv(
                    cmpi_in_place(), 0, cmpi_byte(), places.base, places.counts, places.offsets, cmpi_byte(), exchangeHandle,
                    &request), "MPI_Iallgatherv")
        }
        try wait(for: request, places)
    }

    /// The same where the parts lie too far apart for MPI: by way of one buffer.
    private func libraryAllgather(apart parts: [UnsafeMutableRawBufferPointer]) throws {
        let places = runningRanges(parts.map(\.count)), whole = Buffer<UInt8>(count: places.last?.upperBound ?? 0)
        whole.bytes(of: places[rank]).copyMemory(from: UnsafeRawBufferPointer(parts[rank]))
        try libraryAllgather(into: places.map { whole.bytes(of: $0) })
        for (part, place) in zip(parts, places) { part.copyMemory(from: UnsafeRawBufferPointer(whole.bytes(of: place))) }
    }

    /// See `Communicator.alltoall`. The parts of either side lie within 2 GiB.
    public func libraryAlltoall(send: [UnsafeMutableRawBufferPointer], receive: [UnsafeMutableRawBufferPointer]) throws {
        guard let from = Places(send), let to = Places(receive) else { preconditionFailure("parts too far apart for MPI") }
        var request: MPI_Request?
        try library.locked {
            try check(
                MPI_Ialltoallv(
                    from.base, from.counts, from.offsets, cmpi_byte(), to.base, to.counts, to.offsets, cmpi_byte(),
                    exchangeHandle, &request), "MPI_Ialltoallv")
        }
        try wait(for: request, from, to)
    }

    /// See `Communicator.broadcast`.
    public func libraryBroadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws {
        precondition(bytes.count <= Int(Int32.max))
        var request: MPI_Request?
        try library.locked {
            try check(
                MPI_Ibcast(bytes.baseAddress, Int32(bytes.count), cmpi_byte(), Int32(root), exchangeHandle, &request),
                "MPI_Ibcast")
        }
        try wait(for: request)
    }

    /// The library reads the places until it is done.
    private func wait(for request: MPI_Request?, _ places: Places...) throws {
        var requests = [request]
        try withExtendedLifetime(places) { try wait(&requests, expected: []) }
    }
}

/// Parts of one buffer, as MPI's collectives want them: 32-bit counts and offsets from the first.
private final class Places {
    let base: UnsafeMutableRawPointer?
    let counts: UnsafeMutablePointer<Int32>, offsets: UnsafeMutablePointer<Int32>

    /// nil: the parts do not lie within 2 GiB.
    init?(_ parts: [UnsafeMutableRawBufferPointer]) {
        let used = parts.filter { !$0.isEmpty }
        let first = used.compactMap(\.baseAddress).min(),
            end = used.compactMap { part in part.baseAddress.map { $0 + part.count } }.max()
        if let first, let end, end - first > Int(Int32.max) { return nil }
        base = first
        counts = .allocate(capacity: max(1, parts.count))
        offsets = .allocate(capacity: max(1, parts.count))
        for (i, part) in parts.enumerated() {
            (counts + i).initialize(to: Int32(part.count))
            let offset = part.isEmpty ? 0 : first.flatMap { first in part.baseAddress.map { $0 - first } } ?? 0
            (offsets + i).initialize(to: Int32(offset))
        }
    }

    deinit {
        counts.deallocate()
        offsets.deallocate()
    }
}
