/// The collectives, written once over `exchange`. All are called by every rank of the communicator, in the same order.
extension Communicator {
    public func begin(send: [Message], receive: [Message]) throws -> Pending {
        try exchange(send: send, receive: receive)
        return Pending()
    }

    /// Returns when all ranks have called it.
    public func barrier() throws { _ = try maximum(0) }

    /// The largest of all ranks' values, on every rank; ⌈log₂ size⌉ rounds of one byte.
    ///
    /// Dissemination (Hensgen, Finkel & Manber, 1988): like recursive doubling, but for any number of ranks, as the
    /// maximum does not mind a value that counts twice.
    public func maximum(_ value: UInt8) throws -> UInt8 {
        var mine = value
        var theirs: UInt8 = 0
        var distance = 1
        while distance < size {
            try withUnsafeMutableBytes(of: &mine) { mine in
                try withUnsafeMutableBytes(of: &theirs) { theirs in
                    try exchange(
                        send: [Message(peer: (rank + distance) % size, bytes: mine)],
                        receive: [Message(peer: (rank - distance + size) % size, bytes: theirs)])
                }
            }
            mine = max(mine, theirs)
            distance *= 2
        }
        return mine
    }

    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws { try treeBroadcast(bytes, root: root) }

    public func allgather(_ mine: UnsafeRawBufferPointer, into parts: [UnsafeMutableRawBufferPointer]) throws {
        try exchangeAllgather(mine, into: parts)
    }

    /// `broadcast` by a binomial tree of exchanges.
    public func treeBroadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws {
        let place = (rank - root + size) % size
        var distance = 1
        while distance < size {
            if place < distance {
                if place + distance < size {
                    try exchange(send: [Message(peer: (rank + distance) % size, bytes: bytes)], receive: [])
                }
            } else if place < 2 * distance {
                try exchange(send: [], receive: [Message(peer: (rank - distance + size) % size, bytes: bytes)])
            }
            distance *= 2
        }
    }

    /// Collects every rank's bytes at the root: `parts[r]` becomes rank r's `mine`, of equal size. Other ranks give nil.
    public func gather(_ mine: UnsafeRawBufferPointer, into parts: [UnsafeMutableRawBufferPointer]?, root: Int) throws {
        guard rank == root else {
            return try exchange(send: [Message(peer: root, bytes: .init(mutating: mine))], receive: [])
        }
        guard let parts else { preconditionFailure("the root of a gather gives the memory for the parts") }
        precondition(parts.count == size)
        keep(mine, in: parts[rank])
        try exchange(send: [], receive: others.map { Message(peer: $0, bytes: parts[$0]) })
    }

    /// `allgather` by exchanges.
    ///
    /// One round where the whole is small; a ring where it is large, so that no rank has size−1 large messages in flight.
    public func exchangeAllgather(_ mine: UnsafeRawBufferPointer, into parts: [UnsafeMutableRawBufferPointer]) throws {
        precondition(parts.count == size)
        keep(mine, in: parts[rank])
        if size <= 2 || parts.reduce(0, { $0 + $1.count }) <= Self.largestDirectAllgather {
            return try exchange(
                send: others.map { Message(peer: $0, bytes: parts[rank]) },
                receive: others.map { Message(peer: $0, bytes: parts[$0]) })
        }
        let right = (rank + 1) % size
        let left = (rank - 1 + size) % size
        for step in 0..<size - 1 {
            try exchange(
                send: [Message(peer: right, bytes: parts[(rank - step + size) % size])],
                receive: [Message(peer: left, bytes: parts[(rank - step - 1 + size) % size])])
        }
    }

    /// Sends `send[r]` to each rank r and receives `receive[r]` from it; sizes may all differ, and empty parts are not sent.
    public func alltoall(send: [UnsafeMutableRawBufferPointer], receive: [UnsafeMutableRawBufferPointer]) throws {
        precondition(send.count == size && receive.count == size)
        keep(UnsafeRawBufferPointer(send[rank]), in: receive[rank])
        // Each rank starts at its right neighbour, so that not all of them write to rank 0 first.
        try exchange(
            send: others.filter { !send[$0].isEmpty }.map { Message(peer: $0, bytes: send[$0]) },
            receive: others.filter { !receive[$0].isEmpty }.map { Message(peer: $0, bytes: receive[$0]) })
    }

    /// Total bytes up to which an allgather is one round of direct messages.
    static var largestDirectAllgather: Int { 8 << 20 }

    /// All ranks but this one, from the right neighbour on.
    var others: [Int] { (1..<max(size, 1)).map { (rank + $0) % size } }

    /// This rank's own part of a collective: a copy, unless it is in place already.
    func keep(_ mine: UnsafeRawBufferPointer, in part: UnsafeMutableRawBufferPointer) {
        precondition(mine.count == part.count, "a rank's own part has another size than its place in the result")
        if mine.baseAddress != UnsafeRawPointer(part.baseAddress) { part.copyMemory(from: mine) }
    }
}
