import CMPI
import Support

/// A small message on its way: MPI reads the copy of its bytes until the request is complete.
final class PostedMessage {
    private let copy: UnsafeMutableRawBufferPointer
    private var request: MPI_Request?
    private var complete = false

    init(_ bytes: [UInt8], to peer: Int, tag: Int, over handle: MPI_Comm) throws {
        // MPI's counts are 32-bit.
        guard bytes.count <= Int(Int32.max) else {
            throw Failure(
                .outOfResources, "a message is too large to be sent", at: "rank \(peer)", found: Quantity.bytes(bytes.count),
                expected: "at most 2 GiB",
                advice: "predict fewer documents at a time (--chunk), or keep fewer scores of each (--top-k)")
        }
        copy = .allocate(byteCount: max(bytes.count, 1), alignment: 8)
        copy.copyBytes(from: bytes)
        try check(
            MPI_Isend(copy.baseAddress, Int32(bytes.count), cmpi_byte(), Int32(peer), Int32(tag), handle, &request), "MPI_Isend")
    }

    /// Memory that MPI may still read is left to it.
    deinit { if complete { copy.deallocate() } }

    func isComplete() throws -> Bool {
        if complete { return true }
        var done: Int32 = 0
        try check(MPI_Test(&request, &done, cmpi_status_ignore()), "MPI_Test")
        complete = done != 0
        return complete
    }
}

extension MPICommunicator {
    /// The next posted message with the tag, where one has arrived.
    func receivePosted(from source: Int32, tag: Int32) throws -> (peer: Int, bytes: [UInt8])? {
        var found: Int32 = 0
        var message: MPI_Message?
        var status = MPI_Status()
        try library.locked { try check(MPI_Improbe(source, tag, controlHandle, &found, &message, &status), "MPI_Improbe") }
        guard found != 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status._ucount))
        var request: MPI_Request?
        // The bytes lie in MPI's buffers already, or follow from a sender that naps: poll for them, do not spin.
        try bytes.withUnsafeMutableBytes {
            let memory = $0
            try library.locked {
                try check(MPI_Imrecv(memory.baseAddress, Int32(memory.count), cmpi_byte(), &message, &request), "MPI_Imrecv")
            }
            let interval = PollInterval(oversubscribed: isOversubscribed)
            var done: Int32 = 0
            while true {
                try library.locked { try check(MPI_Test(&request, &done, cmpi_status_ignore()), "MPI_Test") }
                if done != 0 { break }
                interval.pause()
            }
        }
        return (Int(status.MPI_SOURCE), bytes)
    }
}
