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
