import CMPI
import Support

/// The library's own nonblocking collectives, waited for as an exchange is: naps between looks, so that a rank that is gone is
/// noticed as ever. They move bytes and add nothing, so that who moves them changes no bit.
///
/// nil or false: the memory is not as the library's 32-bit places want it, and nothing was done. All ranks must decide alike: ask
/// it only where all have the same sizes.
extension MPICommunicator {
    /// See `Communicator.allgather`; `parts[rank]` is this rank's own already.
    public func libraryAllgather(into parts: [UnsafeMutableRawBufferPointer]) throws {
        let places = Places(parts)
        var request: MPI_Request?
        try library.locked {
            try check(
                MPI_Iallgatherv(
                    cmpi_in_place(), 0, cmpi_byte(), places.base, places.counts, places.offsets, cmpi_byte(), exchangeHandle,
                    &request), "MPI_Iallgatherv")
        }
        try wait(for: request, places)
    }

    /// See `Communicator.alltoall`.
    public func libraryAlltoall(send: [UnsafeMutableRawBufferPointer], receive: [UnsafeMutableRawBufferPointer]) throws {
        let from = Places(send), to = Places(receive)
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

    /// - Precondition: the parts lie within 2 GiB.
    init(_ parts: [UnsafeMutableRawBufferPointer]) {
        let used = parts.filter { !$0.isEmpty }
        let first = used.compactMap(\.baseAddress).min()
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
