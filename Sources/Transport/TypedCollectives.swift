import Support

/// Collectives over values whose size the other ranks do not know, and over typed buffers.
extension Communicator {
    /// The root's bytes, on every rank; the others give nil.
    public func broadcastBytes(_ bytes: [UInt8]?, root: Int = 0) throws -> [UInt8] {
        precondition((rank == root) == (bytes != nil), "the root of a broadcast gives the bytes, and no other rank does")
        var count = bytes?.count ?? 0
        try withUnsafeMutableBytes(of: &count) { try broadcast($0, root: root) }
        var all = bytes ?? [UInt8](repeating: 0, count: count)
        if count > 0 { try all.withUnsafeMutableBytes { try broadcast($0, root: root) } }
        return all
    }

    /// Every rank's bytes, in the order of ranks, at the root; nil elsewhere.
    public func gatherBytes(_ bytes: [UInt8], root: Int = 0) throws -> [[UInt8]]? {
        let counts = Buffer<Int>(count: rank == root ? size : 0)
        var mine = bytes.count
        try withUnsafeBytes(of: &mine) {
            try gather($0, into: rank == root ? (0..<size).map { counts.bytes(of: $0..<$0 + 1) } : nil, root: root)
        }
        let ranges = runningRanges(counts.array)
        let all = Buffer<UInt8>(count: ranges.last?.upperBound ?? 0)
        try bytes.withUnsafeBytes {
            try gather($0, into: rank == root ? ranges.map { all.bytes(of: $0) } : nil, root: root)
        }
        return rank == root ? ranges.map { [UInt8](all.bytes(of: $0)) } : nil
    }

    /// Every rank's bytes, in the order of ranks, on every rank.
    public func allgatherBytes(_ bytes: [UInt8]) throws -> [[UInt8]] {
        let ranges = runningRanges(try allgatherCounts(bytes.count))
        let all = Buffer<UInt8>(count: ranges.last?.upperBound ?? 0)
        try bytes.withUnsafeBytes { mine in try allgather(mine, into: ranges.map { all.bytes(of: $0) }) }
        return ranges.map { [UInt8](all.bytes(of: $0)) }
    }

    /// Every rank's number, on every rank.
    public func allgatherCounts(_ mine: Int) throws -> [Int] {
        let counts = Buffer<Int>(count: size)
        counts[rank] = mine
        try allgather(counts, blocks: (0..<size).map { $0..<$0 + 1 })
        return counts.array
    }

    /// Copies the root's elements to all ranks.
    public func broadcast<Element>(_ buffer: Buffer<Element>, root: Int = 0) throws {
        try broadcast(buffer.bytes, root: root)
    }

    /// Makes `buffer` whole on every rank, in place: before, rank r has the elements `blocks[r]`; after, all have all.
    public func allgather<Element>(_ buffer: Buffer<Element>, blocks: [Range<Int>]) throws {
        let parts = blocks.map { buffer.bytes(of: $0) }
        try allgather(UnsafeRawBufferPointer(parts[rank]), into: parts)
    }

    /// Begins `allgather` of some buffers, in one round where all are small enough for that; larger ones are whole when it returns.
    public func beginAllgather<Element>(_ parts: [(buffer: Buffer<Element>, blocks: [Range<Int>])]) throws -> Pending {
        let bytes = parts.reduce(0) { $0 + $1.buffer.count * MemoryLayout<Element>.stride }
        guard bytes <= Self.largestDirectAllgather else {
            for (buffer, blocks) in parts { try allgather(buffer, blocks: blocks) }
            return Pending()
        }
        func messages(_ block: (_ peer: Int) -> Int) -> [Message] {
            others.flatMap { peer in
                parts.map { Message(peer: peer, bytes: $0.buffer.bytes(of: $0.blocks[block(peer)])) }.filter { !$0.bytes.isEmpty }
            }
        }
        return try begin(send: messages { _ in rank }, receive: messages { $0 })
    }

    /// Begins `alltoall`.
    public func beginAlltoall<Element>(
        from source: Buffer<Element>, _ sendBlocks: [Range<Int>], into target: Buffer<Element>, _ receiveBlocks: [Range<Int>]
    ) throws -> Pending {
        func messages(_ buffer: Buffer<Element>, _ blocks: [Range<Int>]) -> [Message] {
            others.filter { !blocks[$0].isEmpty }.map { Message(peer: $0, bytes: buffer.bytes(of: blocks[$0])) }
        }
        keep(UnsafeRawBufferPointer(source.bytes(of: sendBlocks[rank])), in: target.bytes(of: receiveBlocks[rank]))
        return try begin(send: messages(source, sendBlocks), receive: messages(target, receiveBlocks))
    }

    /// Sends the elements `sendBlocks[r]` of `source` to each rank r; its answer lands in `receiveBlocks[r]` of `target`.
    public func alltoall<Element>(
        from source: Buffer<Element>, _ sendBlocks: [Range<Int>], into target: Buffer<Element>, _ receiveBlocks: [Range<Int>]
    ) throws {
        try alltoall(send: sendBlocks.map { source.bytes(of: $0) }, receive: receiveBlocks.map { target.bytes(of: $0) })
    }

    /// Sends the list `lists[r]` to each rank r: what each rank has sent to this one. Lists may have any length.
    public func alltoall<Element: BitwiseCopyable>(_ lists: [[Element]]) throws -> [Buffer<Element>] {
        try alltoall(Buffer(lists.flatMap { $0 }), runningRanges(lists.map(\.count)))
    }

    /// Sends the elements `places[r]` of `lists` to each rank r: what each rank has sent to this one. They may be of any number.
    public func alltoall<Element: BitwiseCopyable>(_ lists: Buffer<Element>, _ places: [Range<Int>]) throws -> [Buffer<Element>] {
        let counts = Buffer(places.map(\.count)), expected = Buffer<Int>(count: size), one = (0..<size).map { $0..<$0 + 1 }
        try alltoall(from: counts, one, into: expected, one)
        let received = expected.array.map { Buffer<Element>(count: $0) }
        try alltoall(send: places.map { lists.bytes(of: $0) }, receive: received.map { $0.bytes(of: 0..<$0.count) })
        return received
    }
}

extension Buffer {
    /// The memory of the elements `range`.
    public func bytes(of range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return .init(start: pointer + range.lowerBound, count: range.count * MemoryLayout<Element>.stride)
    }
}

/// `counts` laid one after the other: [3, 0, 2] gives 0..<3, 3..<3, 3..<5.
public func runningRanges(_ counts: [Int]) -> [Range<Int>] {
    var end = 0
    return counts.map { count in
        defer { end += count }
        return end..<end + count
    }
}

/// `0..<count` cut into `parts` neighbouring ranges whose lengths differ by at most one.
public func evenRanges(_ count: Int, parts: Int) -> [Range<Int>] {
    (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
}
