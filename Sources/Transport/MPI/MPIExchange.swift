import CMPI

/// Bytes of a message that go in one call of MPI, whose counts are 32-bit.
private let largestPiece = 1 << 30

extension MPICommunicator {
    public func exchange(send: [Message], receive: [Message]) throws { try begin(send: send, receive: receive).finish() }

    public func begin(send: [Message], receive: [Message]) throws -> Pending {
        var requests: [MPI_Request?] = []
        var expected: [(peer: Int, count: Int)] = []
        requests.reserveCapacity(send.count + receive.count)
        for message in receive where message.peer != rank {
            for piece in pieces(message.bytes) {
                var request: MPI_Request?
                try library.locked {
                    try check(
                        MPI_Irecv(
                            piece.baseAddress, Int32(piece.count), cmpi_byte(), Int32(message.peer), 0, exchangeHandle, &request),
                        "MPI_Irecv")
                }
                requests.append(request)
                expected.append((message.peer, piece.count))
            }
        }
        for message in send where message.peer != rank {
            for piece in pieces(message.bytes) {
                var request: MPI_Request?
                try library.locked {
                    try check(
                        MPI_Isend(
                            piece.baseAddress, Int32(piece.count), cmpi_byte(), Int32(message.peer), 0, exchangeHandle, &request),
                        "MPI_Isend")
                }
                requests.append(request)
            }
        }
        try copyToSelf(send, receive)
        if requests.isEmpty { return Pending() }
        let posted = requests, sizes = expected
        return Pending { [self] in
            var requests = posted
            try wait(&requests, expected: sizes)
        }
    }

    /// Messages between two ranks arrive in order, so pieces need no numbers. An empty message is one empty piece.
    private func pieces(_ bytes: UnsafeMutableRawBufferPointer) -> [UnsafeMutableRawBufferPointer] {
        if bytes.count <= largestPiece { return [bytes] }
        return stride(from: 0, to: bytes.count, by: largestPiece).map {
            UnsafeMutableRawBufferPointer(rebasing: bytes[$0..<min($0 + largestPiece, bytes.count)])
        }
    }

    private func copyToSelf(_ send: [Message], _ receive: [Message]) throws {
        let from = send.filter { $0.peer == rank }
        let into = receive.filter { $0.peer == rank }
        precondition(from.count == into.count, "a rank sends itself as many messages as it receives from itself")
        for (from, into) in zip(from, into) {
            guard from.bytes.count == into.bytes.count else {
                throw sizesDiffer(sent: from.bytes.count, from: rank, expected: into.bytes.count, by: rank)
            }
            into.bytes.copyMemory(from: UnsafeRawBufferPointer(from.bytes))
        }
    }

    /// Naps until all requests are complete; the first of them are receives, of the sizes `expected`.
    func wait(_ requests: inout [MPI_Request?], expected: [(peer: Int, count: Int)]) throws {
        if requests.isEmpty { return }
        var statuses = [MPI_Status](repeating: MPI_Status(), count: requests.count)
        let interval = PollInterval(oversubscribed: isOversubscribed)
        while true {
            var done: Int32 = 0
            let result = library.locked { MPI_Testall(Int32(requests.count), &requests, &done, &statuses) }
            try checkTruncation(result, statuses, expected)
            if done != 0 { break }
            interval.pause()
        }
        library.waited(nanoseconds: interval.waited)
        for (status, (peer, count)) in zip(statuses, expected) where status._ucount != count {
            throw sizesDiffer(sent: Int(status._ucount), from: peer, expected: count, by: rank)
        }
    }

    /// Turns the error of one request into a `Failure`: one that is too long for its receive is told as such.
    private func checkTruncation(_ result: Int32, _ statuses: [MPI_Status], _ expected: [(peer: Int, count: Int)]) throws {
        guard result != MPI_SUCCESS else { return }
        guard result == MPI_ERR_IN_STATUS else { return try check(result, "MPI_Testall") }
        for (i, status) in statuses.enumerated() where status.MPI_ERROR != MPI_SUCCESS && status.MPI_ERROR != MPI_ERR_PENDING {
            if i < expected.count, status.MPI_ERROR == MPI_ERR_TRUNCATE {
                throw sizesDiffer(sent: Int(status._ucount), from: expected[i].peer, expected: expected[i].count, by: rank)
            }
            try check(status.MPI_ERROR, "exchange")
        }
    }
}
