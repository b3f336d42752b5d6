import Support
import Transport

/// Bytes of rank `r`, of a length of its own (rank 1 has none).
private func words(of rank: Int) -> [UInt8] {
    var noise = Noise(rank + 77)
    return noise.bytes(rank == 1 ? 0 : 10 + rank * 37)
}

let collectiveChecks = [
    Check("broadcast from each root") { ranks in
        for root in 0..<ranks.size {
            for count in [1, 1000, 200_000] {
                var noise = Noise(root + count)
                let expected = noise.floats(count)
                let buffer = ranks.rank == root ? Buffer(expected) : Buffer<Float>(count: count)
                try ranks.broadcast(buffer, root: root)
                guard buffer.array == expected else { throw Unequal(description: "root \(root), \(count) floats differ") }
            }
        }
    },
    Check("broadcast, gather and allgather of bytes of unknown sizes") { ranks in
        let expected = (0..<ranks.size).map { words(of: $0) }
        for root in 0..<ranks.size {
            let sent = try ranks.broadcastBytes(ranks.rank == root ? words(of: root) : nil, root: root)
            try expectEqual(sent, expected[root], "the bytes of root \(root)")
            let parts = try ranks.gatherBytes(words(of: ranks.rank), root: root)
            try expectEqual(parts, ranks.rank == root ? expected : nil, "what root \(root) gathers")
        }
        try expectEqual(try ranks.allgatherBytes(words(of: ranks.rank)), expected, "what all gather")
    },
    Check("allgather in place: even, uneven and large blocks") { ranks in
        for count in [ranks.size, 100, 76_500, 3_000_000] {
            var noise = Noise(count)
            let expected = (0..<count).map { _ in Float(noise.next() % 1000) }
            let uneven = runningRanges((0..<ranks.size).map { $0 == ranks.size - 1 ? count - $0 : 1 })
            for blocks in [evenRanges(count, parts: ranks.size), uneven] {
                let buffer = Buffer<Float>(count: count)
                buffer.fill(-1)
                for i in blocks[ranks.rank] { buffer[i] = expected[i] }
                try ranks.allgather(buffer, blocks: blocks)
                guard buffer.array == expected else { throw Unequal(description: "\(count) floats differ") }
            }
        }
    },
    Check("alltoall of unequal, also empty, blocks") { ranks in
        // Rank a sends rank b the number 100a+b, (a+b) % 3 times.
        let sendBlocks = runningRanges((0..<ranks.size).map { (ranks.rank + $0) % 3 })
        let source = Buffer((0..<ranks.size).flatMap { Array(repeating: 100 * ranks.rank + $0, count: (ranks.rank + $0) % 3) })
        let target = Buffer<Int>(count: sendBlocks[ranks.size - 1].upperBound)
        try ranks.alltoall(from: source, sendBlocks, into: target, sendBlocks)
        let expected = (0..<ranks.size).flatMap { Array(repeating: 100 * $0 + ranks.rank, count: (ranks.rank + $0) % 3) }
        try expectEqual(target.array, expected, "what came")
    },
    Check("alltoall of lists of unknown lengths") { ranks in
        let lists = (0..<ranks.size).map { Array(repeating: Int32(100 * ranks.rank + $0), count: (ranks.rank + 2 * $0) % 4) }
        let received = try ranks.alltoall(lists).map(\.array)
        let expected = (0..<ranks.size).map { Array(repeating: Int32(100 * $0 + ranks.rank), count: ($0 + 2 * ranks.rank) % 4) }
        try expectEqual(received, expected, "what came")
    },
    Check("an alltoall that waits for nobody until it must") { ranks in
        let blocks = (0..<ranks.size).map { 3 * $0..<3 * $0 + ($0 + ranks.rank) % 3 }, counts = Buffer<Int>(count: 3 * ranks.size)
        let received = Buffer<Int>(count: counts.count)
        for i in 0..<counts.count { counts[i] = 1000 * ranks.rank + i }
        let sent = try ranks.beginAlltoall(from: counts, blocks, into: received, blocks)
        try sent.finish()
        let expected = blocks.enumerated().flatMap { peer, block in block.map { _ in 1000 * peer } }
        let found = blocks.flatMap { block in block.map { received[$0] / 1000 * 1000 } }
        try expectEqual(found, expected, "who sent what came")
    },
    Check("allgather of two buffers in one round") { ranks in
        let first = Buffer<Float>(count: 7 * ranks.size), second = Buffer<Float>(count: ranks.size)
        let blocks = evenRanges(first.count, parts: ranks.size), ones = evenRanges(second.count, parts: ranks.size)
        for i in blocks[ranks.rank] { first[i] = Float(i) }
        second[ranks.rank] = Float(1000 + ranks.rank)
        let sent = try ranks.beginAllgather([(first, blocks), (second, ones)])
        let largest = try ranks.maximum(UInt8(ranks.rank))
        try sent.finish()
        try sent.finish()
        try expectEqual(Int(largest), ranks.size - 1, "what was exchanged meanwhile")
        try expectEqual(first.array, (0..<first.count).map(Float.init), "the first")
        try expectEqual(second.array, (0..<ranks.size).map { Float(1000 + $0) }, "the second")
    },
    Check("shared memory: what was written before a barrier is read after it") { ranks in
        guard let shared = try ranks.sharedMemory(floats: 1000 * ranks.size) else {
            throw Unequal(description: "no memory is shared")
        }
        try expectEqual(shared.floats.array.allSatisfy { $0 == 0 }, true, "zeros at first")
        try shared.barrier()
        for round in 1...50 {
            for i in 0..<1000 { shared.floats[1000 * ranks.rank + i] = Float(round * 100 + ranks.rank) }
            if ranks.rank == round % ranks.size { napMilliseconds(1) }
            try shared.barrier()
            for peer in 0..<ranks.size {
                for i in [0, 999] {
                    try expectEqual(shared.floats[1000 * peer + i], Float(round * 100 + peer), "round \(round), rank \(peer)")
                }
            }
            try shared.barrier()
        }
    },
    Check("maximum of a flag, and barrier") { ranks in
        for chosen in 0..<ranks.size {
            try expectEqual(try ranks.maximum(ranks.rank == chosen ? 9 : UInt8(ranks.rank % 5)), 9, "maximum at \(chosen)")
            try ranks.barrier()
        }
        try expectEqual(try ranks.maximum(0), 0, "maximum of zeros")
    },
]

let splitChecks = [
    Check("split into odd and even ranks, in reverse order, and one in none") { ranks in
        let out = ranks.size - 1
        let color = ranks.rank == out && ranks.size > 1 ? nil : ranks.rank % 2
        let part = try ranks.split(color: color, key: -ranks.rank)
        let members = (0..<ranks.size).filter { (ranks.size == 1 || $0 != out) && $0 % 2 == ranks.rank % 2 }
        guard let part else { return try expectEqual(color, nil, "the color of a rank in no part") }
        try expectEqual(part.size, members.count, "size of the part")
        let numbers = try part.allgatherCounts(ranks.rank)
        try expectEqual(numbers, members.reversed(), "members of the part")
        let again = try part.split(color: 0, key: part.rank)
        try expectEqual(again?.size, part.size, "size of a part of the part")
        try again?.barrier()
    },
    Check("split by node: all ranks here are on one") { ranks in
        let node = try ranks.splitByNode()
        try expectEqual(node.size, ranks.size, "ranks of the node")
        try expectEqual(node.rank, ranks.rank, "number in the node")
        guard !ranks.host.isEmpty else { throw Unequal(description: "no host name") }
        try node.barrier()
    },
]
