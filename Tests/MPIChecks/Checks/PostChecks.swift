import Glibc
import Transport

func napMilliseconds(_ milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }

/// Polls until a message comes, and gives up after a minute.
private func arrival(_ ranks: any Communicator, from peer: Int?, tag: Int) throws -> (peer: Int, bytes: [UInt8]) {
    for _ in 0..<60_000 {
        if let message = try ranks.poll(from: peer, tag: tag) { return message }
        napMilliseconds(1)
    }
    throw Unequal(description: "no message with tag \(tag) came within a minute")
}

let postChecks = [
    Check("posted messages: by tag and sender, in order, from anyone, to oneself") { ranks in
        for peer in 0..<ranks.size {
            for number in 0..<5 { try ranks.post([UInt8(ranks.rank), UInt8(number)], to: peer, tag: 7) }
            try ranks.post([UInt8(ranks.rank)], to: peer, tag: 8)
        }
        var senders: [Int] = []
        for _ in 0..<ranks.size {
            let message = try arrival(ranks, from: nil, tag: 8)
            try expectEqual(message.bytes, [UInt8(message.peer)], "the message from anyone")
            senders.append(message.peer)
        }
        try expectEqual(senders.sorted(), Array(0..<ranks.size), "who has sent")
        for peer in (0..<ranks.size).reversed() {
            for number in 0..<5 {
                let message = try arrival(ranks, from: peer, tag: 7)
                try expectEqual(message.bytes, [UInt8(peer), UInt8(number)], "message \(number) from \(peer)")
            }
        }
        guard try ranks.poll(from: nil, tag: 7) == nil, try ranks.poll(from: nil, tag: 9) == nil else {
            throw Unequal(description: "a message that nobody has sent")
        }
        try ranks.barrier()
    },
    Check("posted messages stay apart from an exchange, and may be larger than MPI's buffers") { ranks in
        var noise = Noise(ranks.rank)
        let long = noise.bytes(100_000)
        try ranks.post(long, to: (ranks.rank + 1) % ranks.size, tag: 0)
        try ranks.post([], to: (ranks.rank + 1) % ranks.size, tag: 0)
        let numbers = try ranks.allgatherCounts(ranks.rank)
        try expectEqual(numbers, Array(0..<ranks.size), "the numbers of all ranks")
        let left = (ranks.rank - 1 + ranks.size) % ranks.size
        var theirs = Noise(left)
        guard try arrival(ranks, from: left, tag: 0).bytes == theirs.bytes(100_000) else {
            throw Unequal(description: "the long message has other bytes")
        }
        try expectEqual(try arrival(ranks, from: left, tag: 0).bytes, [], "the empty message")
        try ranks.barrier()
    },
]
